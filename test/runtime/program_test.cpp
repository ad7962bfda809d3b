// The compiled program from outside: commands, exit codes, resuming after kills, and equal bits.
#include "runtime/format/json.h"
#include "runtime/format/npy.h"
#include "runtime/format/safetensors.h"
#include "runtime/tensor.h"
#include "runtime/text.h"
#include "test/runtime/folder.h"
#include "test/runtime/program.h"

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <unistd.h>

namespace dlc::runtime {

namespace {

constexpr int kTrain = 203, kTest = 50; // 203 = 25 * 8 + 3: the last batch is a partial one

// Images of 6 bytes whose label is the place of the largest of the first 4.
void writeData(const Folder &folder, const char *split, int count) {
  std::string values, labels;
  uint32_t word = uint32_t(count);
  for (int i = 0; i < count; ++i) {
    int best = 0;
    for (int j = 0; j < 6; ++j) {
      word = word * 1664525 + 1013904223; // Numerical Recipes' generator: any numbers will do
      values += char(word >> 24);
      auto byte = [&](int k) {
        return static_cast<unsigned char>(values[size_t(i) * 6 + size_t(k)]);
      };
      if (j < 4 && byte(j) > byte(best))
        best = j;
    }
    labels += char(best);
  }
  folder.write(std::string(split) + "-values", idxBytes(8, {uint32_t(count), 2, 3}, values));
  folder.write(std::string(split) + "-labels", idxBytes(8, {uint32_t(count)}, labels));
}

class ProgramTest : public testing::Test {
protected:
  ProgramTest() {
    writeData(folder, "train", kTrain);
    writeData(folder, "test", kTest);
  }

  Outcome run(const std::vector<std::string> &arguments, const char *model = "f32") {
    return runtime::run(folder.path(), arguments, model);
  }
  // The arguments must succeed.
  std::string output(const std::vector<std::string> &arguments, const char *model = "f32") {
    Outcome outcome = run(arguments, model);
    EXPECT_EQ(outcome.exit, 0) << outcome.err;
    return outcome.out;
  }
  JsonValue json(const std::vector<std::string> &arguments, const char *model = "f32") {
    JsonValue value;
    Status status = parseJson(output(arguments, model), &value);
    EXPECT_FALSE(status.failed()) << status.message();
    return value;
  }
  void expectError(const std::vector<std::string> &arguments, int exit, const std::string &part) {
    Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit, exit) << outcome.err;
    EXPECT_EQ(outcome.err.compare(0, 7, "error: "), 0) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  }
  void expectSameRun(const std::string &a, const std::string &b) {
    for (const char *name : {"/last.safetensors", "/best.safetensors"})
      EXPECT_EQ(folder.read(a + name), folder.read(b + name)) << name;
    EXPECT_EQ(steps(a), steps(b));
  }
  // The log without its times.
  std::string steps(const std::string &run) {
    std::string text;
    for (const std::string &line : split(folder.read(run + "/log.jsonl"), '\n'))
      text +=
          line.substr(0, std::min(line.find("\"samples_per_s\""), line.find("\"seconds\""))) + "\n";
    return text;
  }

  Folder folder;
};

double memberOf(const JsonValue &value, const char *name) {
  const JsonValue *member = value.find(name);
  EXPECT_NE(member, nullptr) << name;
  return member ? member->number : NAN;
}

} // namespace

TEST_F(ProgramTest, TrainsEvaluatesAndPredicts) {
  std::string text = output({"train", "--run", "r"});
  EXPECT_NE(text.find("epoch 3/3"), std::string::npos) << text;
  JsonValue first = json({"eval", "--weights", "r/best.safetensors", "--json"});
  EXPECT_EQ(memberOf(first, "samples"), kTest);
  double accuracy = memberOf(*first.find("metrics"), "accuracy");
  EXPECT_GT(accuracy, 0.3);

  // Predicting every test sample counts the same accuracy.
  std::vector<std::string> arguments = {"predict", "--weights", "r/best.safetensors", "--json"};
  for (int i = 0; i < kTest; ++i)
    arguments.push_back(format("test:%d", i));
  int right = 0;
  for (const JsonValue &sample : json(arguments).items)
    right += memberOf(sample, "class") == memberOf(sample, "label");
  EXPECT_NEAR(right / double(kTest), accuracy, 1e-6);
}

TEST_F(ProgramTest, LogHasALineAStepAndAnEvaluationAnEpoch) {
  output({"train", "--run", "r"});
  int stepLines = 0, evaluations = 0;
  for (const std::string &line : split(folder.read("r/log.jsonl"), '\n')) {
    JsonValue value;
    if (line.empty())
      continue;
    ASSERT_FALSE(parseJson(line, &value).failed()) << line;
    const std::string &kind = value.find("kind")->string;
    stepLines += kind == "step";
    evaluations += kind == "eval";
    if (kind == "step") {
      EXPECT_EQ(memberOf(value, "step"), stepLines);
      EXPECT_GT(memberOf(value, "loss"), 0);
      EXPECT_GT(memberOf(value, "lr"), 0);
      EXPECT_GT(memberOf(value, "samples_per_s"), 0);
    }
  }
  EXPECT_EQ(stepLines, 3 * 26);
  EXPECT_EQ(evaluations, 3);
}

TEST_F(ProgramTest, ThreadsDoNotChangeABit) {
  for (const char *threads : {"1", "2", "3"})
    output({"train", "--run", threads, "--threads", threads});
  expectSameRun("1", "2");
  expectSameRun("1", "3");
}

TEST_F(ProgramTest, SeedsMatter) {
  output({"train", "--run", "a", "--seed", "1"});
  output({"train", "--run", "b", "--seed", "2"});
  output({"train", "--run", "c", "--seed", "1"});
  EXPECT_NE(folder.read("a/last.safetensors"), folder.read("b/last.safetensors"));
  expectSameRun("a", "c");
}

// --- checkpoints -------------------------------------------------------------------------------

TEST_F(ProgramTest, ResumesInMidEpochBitForBit) {
  output({"train", "--run", "whole", "--epochs", "4"});
  for (int steps : {1, 25, 26, 27, 80}) {
    std::string name = format("part%d", steps);
    // The schedule of the learning rate depends on the whole length, so the run is cut by a signal
    // or a kill, never by --steps: here by killing it right after a checkpoint at that step.
    Program program(folder.path(), {"train", "--run", name, "--epochs", "4", "--checkpoint-every",
                                    format("%d", steps)});
    for (int wait = 0; wait < 2000 && !fileExists(folder.file(name + "/resume.safetensors"));
         ++wait)
      usleep(100);
    program.signal(SIGKILL);
    program.wait();
    output({"train", "--run", name, "--resume"});
    expectSameRun("whole", name);
  }
}

TEST_F(ProgramTest, KilledTwentyTimesEndsWithTheSameBits) {
  const std::vector<std::string> arguments = {
      "train", "--run", "r", "--epochs", "800", "--checkpoint-every", "37"};
  std::vector<std::string> undisturbed = arguments, resumed = arguments;
  undisturbed[2] = "whole";
  resumed.push_back("--resume");
  auto begin = std::chrono::steady_clock::now();
  output(undisturbed);
  auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begin);
  // Twenty times at most a thirtieth of what the training takes: it cannot end before.
  auto longest = static_cast<uint32_t>(whole.count() / 30);
  uint32_t word = 1;
  int kills = 0;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    Program program(folder.path(), resumed);
    word = word * 1664525 + 1013904223;
    if (kills < 20) {
      usleep(longest / 10 + (word >> 16) % (longest - longest / 10));
      program.signal(SIGKILL);
    }
    Outcome outcome = program.wait();
    if (outcome.exit == 0)
      break;
    ASSERT_EQ(outcome.exit, -SIGKILL) << outcome.err;
    ++kills;
  }
  EXPECT_GE(kills, 20) << "the training ended before it was killed 20 times";
  expectSameRun("whole", "r");
}

TEST_F(ProgramTest, KilledAtAnyWriteEndsWithTheSameBits) {
  const std::vector<std::string> rest = {"--epochs", "2", "--checkpoint-every", "20"};
  auto trainInto = [&](const std::string &name, int killAt) {
    std::vector<std::string> arguments = {"train", "--run", name, "--resume"};
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    return Program(folder.path(), arguments, "f32", killAt).wait();
  };
  ASSERT_EQ(trainInto("whole", 0).exit, 0);
  int killAt = 1;
  for (;; ++killAt) {
    std::string name = format("r%d", killAt);
    Outcome killed = trainInto(name, killAt);
    if (killed.exit == 0)
      break; // it makes no more calls
    ASSERT_EQ(killed.exit, -SIGKILL) << killed.err;
    trainInto(name, 10); // killed once more, if it still has so much to do
    Outcome resumed = trainInto(name, 0);
    ASSERT_EQ(resumed.exit, 0) << killAt << ": " << resumed.err;
    expectSameRun("whole", name);
    for (const char *file : {"best", "last", "resume"})
      EXPECT_FALSE(fileExists(folder.file(name + "/" + file + ".safetensors.partial")));
  }
  EXPECT_GT(killAt, 50) << "too few for three checkpoints";
}

// 300 files that one flipped bit or a cut made wrong.
template <class Expect>
void damage(const Folder &folder, const std::string &name, const Expect &expectTold) {
  const std::string sound = folder.read(name);
  uint32_t word = 7;
  auto below = [&](size_t limit) {
    word = word * 1664525 + 1013904223;
    return size_t(uint64_t(word) * limit >> 32);
  };
  for (int i = 0; i < 300; ++i) {
    std::string bytes = sound;
    size_t at = below(sound.size());
    int bit = int(below(8));
    bool cut = i % 3 == 0;
    if (cut)
      bytes.resize(at);
    else
      bytes[at] = char(bytes[at] ^ 1 << bit);
    std::ofstream(folder.file(name), std::ios::binary) << bytes;
    expectTold(cut ? format("cut at %zu", at) : format("bit %d of byte %zu flipped", bit, at));
  }
  folder.write(name, sound);
}

TEST_F(ProgramTest, EveryDamageOfACheckpointIsTold) {
  output({"train", "--run", "r"});
  for (const char *name : {"r/last.safetensors", "r/best.safetensors"})
    damage(folder, name, [&](const std::string &how) {
      SCOPED_TRACE(std::string(name) + ", " + how);
      expectError({"eval", "--weights", name}, 1, name);
    });
  damage(folder, "r/resume.safetensors", [&](const std::string &how) {
    SCOPED_TRACE(how);
    expectError({"train", "--run", "r", "--resume"}, 1, "r/resume.safetensors");
  });
  output({"train", "--run", "r", "--resume", "--epochs", "4"}); // as nothing was changed
}

TEST_F(ProgramTest, DamageIsToldByEveryCommandWithARemedy) {
  output({"train", "--run", "r"});
  const std::string name = "r/last.safetensors";
  std::string bytes = folder.read(name);
  bytes.back() = char(bytes.back() ^ 1);
  folder.write(name, bytes);
  for (const std::vector<std::string> &command :
       {std::vector<std::string>{"eval", "--weights", name},
        {"predict", "--weights", name, "test:0"},
        {"step", "--weights", name},
        {"check-gradients", "--weights", name},
        {"train", "--run", "s", "--init", name}})
    expectError(command, 1, "its checksum does not fit; take another copy of it");
  EXPECT_FALSE(fileExists(folder.file("s")));
  bytes = folder.read("r/resume.safetensors");
  bytes.resize(bytes.size() - 1);
  folder.write("r/resume.safetensors", bytes);
  expectError({"train", "--run", "r", "--resume"}, 1, "train --init r/last.safetensors --run DIR");
}

TEST_F(ProgramTest, SignalsSaveAndTellHowToContinue) {
  output({"train", "--run", "whole", "--epochs", "3000", "--log-every", "100"});
  for (int number : {SIGINT, SIGTERM}) {
    std::string name = format("r%d", number);
    Program program(folder.path(),
                    {"train", "--run", name, "--epochs", "3000", "--log-every", "100"});
    usleep(100000);
    program.signal(number);
    Outcome outcome = program.wait();
    ASSERT_EQ(outcome.exit, 130) << outcome.err;
    EXPECT_NE(outcome.err.find(format("train --run %s --resume", name.c_str())), std::string::npos)
        << outcome.err;
    output({"train", "--run", name, "--resume", "--log-every", "100"});
    expectSameRun("whole", name);
  }
}

TEST_F(ProgramTest, ResumeWithoutACheckpointStartsAndSaysSo) {
  Outcome outcome = run({"train", "--run", "r", "--resume"});
  EXPECT_EQ(outcome.exit, 0);
  EXPECT_NE(outcome.err.find("starting from the beginning"), std::string::npos) << outcome.err;
  output({"train", "--run", "s"});
  expectSameRun("r", "s");
}

TEST_F(ProgramTest, AnEarlierRunIsMovedAside) {
  output({"train", "--run", "r", "--seed", "5"});
  std::string before = folder.read("r/last.safetensors");
  Outcome outcome = run({"train", "--run", "r", "--seed", "6"});
  EXPECT_EQ(outcome.exit, 0);
  EXPECT_NE(outcome.err.find("moved to `r/earlier-1`"), std::string::npos) << outcome.err;
  EXPECT_EQ(folder.read("r/earlier-1/last.safetensors"), before);
  EXPECT_NE(folder.read("r/last.safetensors"), before);
}

TEST_F(ProgramTest, ResumeRefusesWhatConflicts) {
  output({"train", "--run", "r"});
  expectError({"train", "--run", "r", "--resume", "--seed", "9"}, 2, "started with --seed 1");
  expectError({"train", "--run", "r", "--resume", "--batch", "9"}, 2, "started with --batch 8");
  Outcome outcome = run({"train", "--run", "r", "--resume"}, "f64");
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_NE(outcome.err.find("was trained in f32"), std::string::npos) << outcome.err;
  EXPECT_NE(output({"train", "--run", "r", "--resume", "--epochs", "5"}).find("epoch 5/5"),
            std::string::npos);
  writeData(folder, "train", 100);
  expectError({"train", "--run", "r", "--resume"}, 1, "203 training samples, the data now has 100");
  folder.write("r/resume.safetensors", "damaged");
  expectError({"train", "--run", "r", "--resume"}, 1, "not a sound safetensors file");
}

TEST_F(ProgramTest, StartsFromGivenWeights) {
  output({"train", "--run", "a"});
  output({"train", "--run", "b", "--init", "a/best.safetensors", "--steps", "1", "--set", "lr=0"});
  SafetensorsFile a, b;
  ASSERT_FALSE(a.load(folder.file("a/best.safetensors")).failed());
  ASSERT_FALSE(b.load(folder.file("b/last.safetensors")).failed());
  EXPECT_EQ(
      memcmp(a.find("dense.weight")->data, b.find("dense.weight")->data, sizeof(float) * 6 * 4), 0);
}

TEST_F(ProgramTest, WrongWeightsAreNamed) {
  float weight[5 * 4] = {}, bias[4] = {};
  auto write = [&](const std::vector<TensorPart> &parts) {
    ASSERT_FALSE(writeSafetensors(folder.file("w"), parts, {}).failed());
  };
  write({{"dense.weight", DLC_F32, {5, 4}, weight}, {"dense.bias", DLC_F32, {4}, bias}});
  expectError({"eval", "--weights", "w"}, 1, "`dense.weight` is [5, 4], the model needs [6, 4]");
  write({{"dense.bias", DLC_F32, {4}, bias}});
  expectError({"eval", "--weights", "w"}, 1, "has no tensor `dense.weight`");
  expectError({"eval", "--weights", "nowhere"}, 1, "cannot open `nowhere`");
  expectError({"eval"}, 2, "there is no `runs/hand/best.safetensors` either");
  expectError({"predict", "test:0"}, 2, "`predict` needs --weights");
}

TEST_F(ProgramTest, WithoutWeightsTheBestOfTheRunAreTaken) {
  output({"train", "--epochs", "1"});
  Outcome taken = run({"eval"});
  EXPECT_NE(taken.err.find("the weights are those of `runs/hand/best.safetensors`"),
            std::string::npos)
      << taken.err;
  EXPECT_EQ(taken.out, output({"eval", "--weights", "runs/hand/best.safetensors"}));
}

// --- numbers that are not finite ---------------------------------------------------------------

TEST_F(ProgramTest, WeightsThatAreNotFiniteAreNamed) {
  double weight[6 * 4] = {}, bias[4] = {}, mean[6] = {};
  auto write = [&] {
    Status status = writeSafetensors(folder.file("w"),
                                     {{"dense.weight", DLC_F64, {6, 4}, weight},
                                      {"dense.bias", DLC_F64, {4}, bias},
                                      {"mean", DLC_F64, {6}, mean}},
                                     {});
    ASSERT_FALSE(status.failed()) << status.message();
  };
  write();
  output({"eval", "--weights", "w"});
  weight[9] = NAN;
  write();
  for (const std::vector<std::string> &command :
       {std::vector<std::string>{"eval", "--weights", "w"},
        {"predict", "--weights", "w", "test:0"},
        {"step", "--weights", "w"},
        {"check-gradients", "--weights", "w"},
        {"train", "--run", "r", "--init", "w"}})
    expectError(command, 1, "`w`: `dense.weight`[2, 1] is NaN in f32");
  EXPECT_FALSE(fileExists(folder.file("r")));
  weight[9] = 1e39; // more than f32 holds
  write();
  expectError({"eval", "--weights", "w"}, 1, "`dense.weight`[2, 1] is infinite in f32");
  output({"predict", "--weights", "w", "test:0"}, "f64");
  weight[9] = 0, mean[5] = -INFINITY;
  write();
  expectError({"eval", "--weights", "w"}, 1, "`mean`[5] is minus infinity");
}

TEST_F(ProgramTest, InputsThatAreNotFiniteAreNamed) {
  output({"train", "--run", "r"});
  float images[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, NAN};
  ASSERT_FALSE(writeNpy(folder.file("x.npy"), DLC_F32, {2, 1, 2, 3}, images).failed());
  expectError({"predict", "--weights", "r/last.safetensors", "--out", "out.npy", "x.npy"}, 1,
              "`x.npy`[1, 0, 1, 0] is NaN");
  EXPECT_FALSE(fileExists(folder.file("out.npy")));
  expectError({"step", "--input", "image=x.npy", "--input", "label=0,1"}, 1,
              "`x.npy`[1, 0, 1, 0] is NaN");
  folder.write("x.csv", "1,2,3,4,5,6\n1,2,inf,4,5,6\n");
  expectError({"predict", "--weights", "r/last.safetensors", "x.csv"}, 1,
              "`x.csv`, line 2, column 3: `inf` is not a finite number");
  // The data of a training and of an evaluation.
  std::string values(size_t(kTest) * 6 * 4, '\0'); // of big-endian floats
  values.replace(size_t(7 * 6 + 4) * 4, 2, "\x7F\x80");
  folder.write("test-values", idxBytes(0x0D, {kTest, 2, 3}, values));
  for (const std::vector<std::string> &command :
       {std::vector<std::string>{"eval", "--weights", "r/last.safetensors"},
        {"train", "--run", "s"}})
    expectError(command, 1, "test-values`[7, 1, 1] is infinite");
  EXPECT_FALSE(fileExists(folder.file("s")));
}

TEST_F(ProgramTest, ResultsThatAreNotFiniteAreNamed) {
  constexpr int kSample = 11; // the only one of which something is not 0
  std::string values(size_t(kTest) * 6, '\0');
  values[kSample * 6 + 3] = '\xFF';
  folder.write("test-values", idxBytes(8, {kTest, 2, 3}, values));
  float weight[6 * 4] = {}, bias[4] = {};
  weight[3 * 4 + 2] = 3e38f;
  bias[2] = 3e38f;
  auto write = [&] {
    ASSERT_FALSE(writeSafetensors(folder.file("w"),
                                  {{"dense.weight", DLC_F32, {6, 4}, weight},
                                   {"dense.bias", DLC_F32, {4}, bias}},
                                  {})
                     .failed());
  };
  write();
  expectError(
      {"predict", "--weights", "w", "test:3", "test:11"}, 1,
      "`test:11`: the output `logits`[2] is infinite; the weights and the input are finite");
  expectError({"eval", "--weights", "w"}, 1, "the output `logits`[11, 2] is infinite");
  // Here only the loss is not.
  weight[3 * 4 + 2] = 0, bias[2] = 100;
  write();
  expectError({"eval", "--weights", "w"}, 1, "the outputs are finite, but the loss");
}

TEST_F(ProgramTest, ACheckpointThatIsNotFiniteIsNeverWritten) {
  output({"train", "--run", "r"});
  std::string last = folder.read("r/last.safetensors"),
              resume = folder.read("r/resume.safetensors");
  Outcome outcome = run({"train", "--run", "r", "--resume", "--epochs", "4", "--checkpoint-every",
                         "1", "--set", "lr=1e39"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_NE(outcome.err.find("after step 79; the last checkpoint is untouched"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(folder.read("r/last.safetensors"), last);
  EXPECT_EQ(folder.read("r/resume.safetensors"), resume);
}

// --- steps and checks --------------------------------------------------------------------------

TEST_F(ProgramTest, StepWritesGradientsAndOutputs) {
  double image[] = {1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1};
  int32_t label[] = {3, 0};
  ASSERT_FALSE(writeNpy(folder.file("x.npy"), DLC_F64, {2, 1, 2, 3}, image).failed());
  ASSERT_FALSE(writeNpy(folder.file("y.npy"), DLC_I32, {2}, label).failed());
  JsonValue both = json({"step", "--input", "image=x.npy", "--input", "label=y.npy", "--grads", "g",
                         "--outputs", "o", "--json"},
                        "f64");
  // The loss of two samples is the mean of the losses of each.
  double first = memberOf(
      json({"step", "--input", "image=1,2,3,4,5,6", "--input", "label=3", "--json"}, "f64"),
      "loss");
  double second = memberOf(
      json({"step", "--input", "image=6,5,4,3,2,1", "--input", "label=0", "--json"}, "f64"),
      "loss");
  EXPECT_NEAR(memberOf(both, "loss"), (first + second) / 2, 1e-14);
  SafetensorsFile gradients, outputs;
  ASSERT_FALSE(gradients.load(folder.file("g")).failed());
  ASSERT_FALSE(outputs.load(folder.file("o")).failed());
  EXPECT_EQ(gradients.find("dense.weight")->shape, (std::vector<int64_t>{6, 4}));
  EXPECT_EQ(outputs.find("logits")->shape, (std::vector<int64_t>{2, 4}));
  // The gradients of a softmax's logits add up to 0 over the classes, so those of the bias do.
  double sum = 0, size = 0;
  for (int64_t i = 0; i < 4; ++i) {
    double value = readElement(gradients.find("dense.bias")->data, DLC_F64, i);
    sum += value;
    size += std::fabs(value);
  }
  EXPECT_NEAR(sum, 0, 1e-15);
  EXPECT_GT(size, 0.01);
}

TEST_F(ProgramTest, StepRefusesWrongInputs) {
  expectError({"step", "--input", "image=1,2,3,4,5,6"}, 2, "needs --input label");
  expectError({"step", "--input", "imgae=1,2,3,4,5,6", "--input", "label=0"}, 2,
              "did you mean `image`");
  expectError({"step", "--input", "image=1,2,3", "--input", "label=0"}, 1,
              "`image` is [3], the model needs");
  expectError({"step", "--input", "image=1,2,3,4,5,6", "--input", "label=4"}, 1, "classes 0 to 3");
  expectError({"step", "--input", "image=1,2,3,4,5,6", "--input", "label=0,1"}, 1,
              "disagree on the number of samples");
}

TEST_F(ProgramTest, ExplainShowsTheWalk) {
  std::string text = output({"step", "--explain", "--set", "mu=0"}, "f64");
  for (const char *part :
       {"\nForward\n", "logits = image @ weight + bias", "\nLoss\n", "\nBackward",
        "d_logits = softmax", "\nGradients",
        "\nUpdate by momentum: w <- w - lr * gradient, lr = 0.1", "dense.bias[3]"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  JsonValue value = json({"step", "--explain", "--json"}, "f64");
  ASSERT_NE(value.find("values"), nullptr);
  EXPECT_EQ(value.find("values")->items.size(), 4u);
  EXPECT_EQ(value.find("values")->items[1].find("values")->items[0].number,
            memberOf(value, "loss"));
}

TEST_F(ProgramTest, CheckGradientsFindsAWrongOne) {
  for (const char *model : {"f32", "f64"})
    EXPECT_TRUE(json({"check-gradients", "--json"}, model).find("ok")->boolean);
  for (const char *model : {"wrong-f32", "wrong-f64"}) {
    Outcome outcome = run({"check-gradients", "--json"}, model);
    EXPECT_EQ(outcome.exit, 1);
    EXPECT_NE(outcome.err.find("`dense.bias`"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("`dense.weight`"), std::string::npos) << outcome.err;
    JsonValue value;
    ASSERT_FALSE(parseJson(outcome.out, &value).failed());
    EXPECT_FALSE(value.find("ok")->boolean);
  }
}

TEST_F(ProgramTest, BenchMeasures) {
  JsonValue value = json({"bench", "--seconds", "0.01", "--threads", "2", "--json"});
  EXPECT_EQ(memberOf(value, "threads"), 2);
  EXPECT_EQ(memberOf(value, "batch"), 8);
  EXPECT_EQ(memberOf(value, "arena_bytes"), 128);
  for (const char *name : {"step_ms", "infer_ms", "step_gflops"})
    EXPECT_GT(memberOf(value, name), 0) << name;
}

TEST_F(ProgramTest, InfoListsTheTable) {
  JsonValue value = json({"info", "--json"});
  const JsonValue &weight = value.find("weights")->items[0];
  EXPECT_EQ(weight.find("name")->string, "dense.weight");
  EXPECT_EQ(weight.find("dtype")->string, "f32");
  EXPECT_EQ(weight.find("shape")->items[1].number, 4);
  EXPECT_EQ(value.find("inputs")->items[1].find("name")->string, "label");
  for (const char *name : {"state", "outputs", "batch", "arena_bytes", "target", "options"})
    EXPECT_NE(value.find(name), nullptr) << name;
}

TEST_F(ProgramTest, PredictReadsArraysAndTables) {
  output({"train", "--run", "r", "--epochs", "1"});
  auto predict = [&](const std::string &input) {
    return json({"predict", "--weights", "r/last.safetensors", "--json", "--out", "out.npy", input},
                "f32");
  };
  float image[] = {10, 200, 30, 40, 50, 60, 1, 2, 3, 4, 5, 6};
  ASSERT_FALSE(writeNpy(folder.file("one.npy"), DLC_F32, {1, 2, 3}, image).failed());
  ASSERT_FALSE(writeNpy(folder.file("two.npy"), DLC_F32, {2, 2, 3}, image).failed());
  folder.write("two.csv", "10,200,30,40,50,60\n1,2,3,4,5,6\n");
  folder.write("both.npz", zipBytes({{"one.npy", folder.read("one.npy")}, {"two.npy", "?"}}));
  JsonValue archived = predict("both.npz:one"), named = predict("image=both.npz:one");
  JsonValue one = predict("one.npy"), two = predict("two.npy"), table = predict("two.csv");
  ASSERT_EQ(one.items.size(), 1u);
  ASSERT_EQ(two.items.size(), 2u);
  ASSERT_EQ(table.items.size(), 2u);
  auto logit = [](const JsonValue &sample) {
    return sample.find("outputs")->find("logits")->items[2].number;
  };
  EXPECT_EQ(logit(one.items[0]), logit(archived.items[0]));
  EXPECT_EQ(logit(one.items[0]), logit(named.items[0]));
  EXPECT_EQ(logit(one.items[0]), logit(two.items[0]));
  EXPECT_EQ(logit(two.items[1]), logit(table.items[1]));
  EXPECT_NE(logit(two.items[0]), logit(two.items[1]));
  Array out;
  ASSERT_FALSE(readNpy(folder.file("out.npy"), &out).failed());
  EXPECT_EQ(out.shape, (std::vector<int64_t>{2, 4}));
  EXPECT_EQ(float(out.at(6)), float(logit(table.items[1])));
  double total = 0;
  JsonValue all =
      json({"predict", "--weights", "r/last.safetensors", "--json", "--top", "9", "one.npy"});
  for (const JsonValue &top : all.items[0].find("top")->items)
    total += memberOf(top, "probability");
  EXPECT_NEAR(total, 1, 1e-12);
  expectError({"predict", "--weights", "r/last.safetensors", "test:50"}, 1, "samples 0 to 49");
  expectError({"predict", "--weights", "r/last.safetensors", "a.png"}, 1,
              "expected an array (.npy or data.npz:name)");
}

// --- the command line --------------------------------------------------------------------------

TEST_F(ProgramTest, WrongUsageIsExitCode2) {
  expectError({}, 2, "no command");
  expectError({"trian"}, 2, "did you mean `train`");
  expectError({"train", "--epohs", "3"}, 2, "did you mean `--epochs`");
  expectError({"train", "--epochs"}, 2, "needs a value");
  expectError({"train", "--epochs", "three"}, 2, "at least 1");
  expectError({"train", "--epochs", "0"}, 2, "at least 1");
  expectError({"train", "--resume=yes"}, 2, "takes no value");
  expectError({"train", "--set", "lr"}, 2, "name=number");
  expectError({"train", "--set", "rate=1"}, 2, "no setting `rate`");
  expectError({"train", "--threads", "-1"}, 2, "at least 1");
  expectError({"train", "file"}, 2, "takes no `file`");
  expectError({"bench", "--seconds", "nan"}, 2, "seconds above 0");
  expectError({"predict", "--weights", "w"}, 2, "something to predict");
  expectError({"eval", "--weights", "w", "--split", "dev"}, 1,
              "no split `dev`; it has train, test");
}

TEST_F(ProgramTest, HelpOfEveryCommandNamesItsFlags) {
  std::string all = output({"--help"});
  for (const char *command :
       {"train", "eval", "predict", "step", "check-gradients", "bench", "info"}) {
    EXPECT_NE(all.find(format("  %s ", command)), std::string::npos) << all;
    std::string help = output({command, "--help"});
    EXPECT_NE(help.find("usage: "), std::string::npos);
    EXPECT_NE(help.find("--json"), std::string::npos);
  }
}

TEST_F(ProgramTest, ADivergingTrainingStops) {
  Outcome outcome = run({"train", "--run", "r", "--set", "lr=1e30", "--epochs", "9"});
  EXPECT_EQ(outcome.exit, 1);
  EXPECT_NE(outcome.err.find("the loss became"), std::string::npos) << outcome.err;
}

TEST_F(ProgramTest, TwoTrainingsInOneFolderAreRefused) {
  Program first(folder.path(), {"train", "--run", "r", "--epochs", "100000"});
  for (int wait = 0; wait < 2000 && !fileExists(folder.file("r/resume.safetensors")); ++wait)
    usleep(1000);
  expectError({"train", "--run", "r", "--resume"}, 1, "another training");
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().exit, 130);
}

#ifdef HAND_LINKED
// Linked by the C compiler with libdlcrt.a, a program needs libc and libm and is small.
TEST_F(ProgramTest, LinksWithTheCCompilerAlone) {
  // NOLINTBEGIN(bugprone-command-processor): words of this file alone.
  ASSERT_EQ(system(format("ldd %s > %s", HAND_LINKED, folder.file("ldd").c_str()).c_str()), 0);
  for (const std::string &line : split(folder.read("ldd"), '\n'))
    EXPECT_TRUE(line.empty() || line.find("libc.so") != line.npos ||
                line.find("libm.so") != line.npos || line.find("linux-vdso") != line.npos ||
                line.find("/ld-linux") != line.npos)
        << line;
  std::string bytes;
  ASSERT_FALSE(readFile(HAND_LINKED, &bytes).failed());
  EXPECT_LT(bytes.size(),
            650u << 10); // of the 2 MB a program may have; the rest is for its kernels
  EXPECT_EQ(
      system(format("cd %s && %s train --run r > /dev/null", folder.path().c_str(), HAND_LINKED)
                 .c_str()),
      0);
  // NOLINTEND(bugprone-command-processor)
}
#endif

} // namespace dlc::runtime
