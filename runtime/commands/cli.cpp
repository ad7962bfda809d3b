// dlc_main: picks the command, runs it, and reports how it went.
#include "runtime/buffer.h"
#include "runtime/commands/commands.h"
#include "runtime/data/files.h"
#include "runtime/file.h"
#include "runtime/level.h"
#include "runtime/text.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace dlc::runtime {

static constexpr Command kCommands[] = {
    {"train", "[--data DIR] [--run DIR] [OPTION]...", "train the network",
     R"(Trains and writes to the run's folder: log.jsonl (one JSON object a line), best.safetensors
and last.safetensors (weights and state), resume.safetensors (all that --resume needs). The
weights are evaluated on the validation or test split and saved at every epoch's end (at
most once a second). SIGINT and SIGTERM finish the step, save, and say how to continue (exit
code 130). An earlier run in the same folder is moved aside, not overwritten. A batch larger
than the compiled one is computed in several calls whose gradients add up.)",
     "data run epochs steps batch seed threads set init resume checkpoint-every log-every keep "
     "json",
     train},
    {"eval", "[--weights FILE] [--data DIR] [--split test]",
     "loss and metrics over a split of the data",
     R"(Prints the mean loss and metrics over every sample of a split, and the scores of all its
answers, in inference mode; where the model asks for it, the table of confusions. Without
--weights it takes the best ones of the run in runs/NAME.)",
     "weights data split threads keep json", evaluate},
    {"predict", "[--weights FILE] INPUT...", "the outputs for files or samples of the data",
     R"(An INPUT is one of
  FILE.npy or FILE.npz:ARRAY   an array: one sample, or [samples, ...]
  FILE.csv or FILE.tsv         a table, written as those of the data block (with tabs if it is .tsv):
                               where that names columns, those of the model's inputs are read; files
                               that it names are in --data DIR
  "two words", 5.1,3.5         a text (- reads one a line from standard input), a class, numbers
  FILE.png, FILE.wav, ...      a picture (PNG, JPEG) or a sound (WAV, FLAC) where the data has such
                               files (- reads one, or a list of files, from standard input)
  NAME=ANY OF THESE            where the model has several inputs, one argument for each
  test:17                      a sample of the data, counted from 0
It is transformed as in training, without augmentation. Where the output is one number a class of
the data, the most likely classes are printed by name, or by number where the data has no names,
with their probabilities (softmax); an output that a score compares with texts, as a text; else
the numbers. Without --weights it takes the best ones of the run in runs/NAME.)",
     "weights data top out threads json", predict},
    {"step", "--input NAME=FILE.npy... [--weights FILE] [--explain]",
     "one forward and backward pass on given arrays",
     R"(Prints the loss and metrics of one training step and can write the outputs and every
weight's gradient. Inputs are named as in the model and the loss, shaped [samples, ...] with
at most the compiled batch of samples, and taken as they are: no transforms. Small ones may
be written out: --input x=1,0. Without --input the first training sample is taken; without
--weights the initial weights of the seed. With --explain it prints every value, its formula
and its numbers, and one update of the weights.)",
     "weights input data grads outputs explain seed set threads json", step},
    {"check-gradients", "[--weights FILE] [--data DIR]",
     "the gradients against differences of the loss",
     R"(Compares derivatives by single weights, along the gradient and along a random direction of
every weight tensor with five-point differences of the compiled loss, on the first training
batch, or on random inputs where there is no data. The tolerance is 1e-6 in f64; in f32,
where a difference has 2 or 3 digits, 2e-2. The exit code is 1 where a gradient is wrong, or
where nothing can be measured.)",
     "weights data seed threads json", checkGradients},
    {"bench", "[--threads N] [--seconds S]", "how fast the training step and inference are",
     R"(Times the training step (forward, backward and update) and inference on random data, each
for --seconds after a warm-up, and prints medians. GFLOP/s are of the nominal
multiplications and additions.)",
     "threads seconds json", bench},
    {"info", "[--json]", "what the program was compiled from and what it needs",
     R"(Prints weights, state, inputs and outputs with their shapes, memory, and how the model was
compiled. Of a program for several processors (`dlc compile --target=multi`) it tells which
kernels run on this one; DLC_LEVEL=v2 (or v3) in the environment chooses lower ones.)",
     "json", info},
};

static const Command *findCommand(const char *name) {
  for (const Command &command : kCommands)
    if (strcmp(command.name, name) == 0)
      return &command;
  return nullptr;
}

static std::string overview(const dlc_model &model, const char *program) {
  std::string text = format("%s%s%s\n\nusage: %s COMMAND [OPTION]...\n\n", model.name,
                            *model.summary ? ": " : "", model.summary, program);
  for (const Command &command : kCommands)
    text += format("  %-16s %s\n", command.name, command.summary);
  return text + format("\n`%s COMMAND --help` explains each.\n", program);
}

// Kernels for a newer processor would end the program without a word.
static Status checkProcessor(const dlc_model &model) {
  std::string target = model.target;
  bool isMulti = target == "multi";
  int needed = isMulti ? 2 : target.rfind("x86-64-v", 0) == 0 ? target.back() - '0' : 0;
  int level = dlc_processor_level();
  if (level < needed)
    return inputError("the program is compiled for x86-64-v%d%s, and this processor is an %s; "
                      "compile it %s`",
                      needed, isMulti ? " and newer" : "",
                      level > 1 ? format("x86-64-v%d", level).c_str() : "older one",
                      level > 1 ? "with `--target=multi" : "there with `--target=native");
  const char *wanted = getenv("DLC_LEVEL");
  std::string name = wanted ? wanted : "v2";
  if (isMulti && name != "v2" && name != "v3" && name != "v4")
    return inputError("DLC_LEVEL, in the environment, takes v2, v3 or v4, not `%s`", wanted);
  return Status();
}

// Without --weights, the best ones of the run that `train` writes unless told otherwise.
static Status takeWeights(const dlc_model &model, const Command &command, Options *options) {
  std::string best = runFolder(model) + "/best.safetensors";
  if (!fileExists(best) && model.weight_count == 0)
    return Status(); // there are none
  if (!fileExists(best))
    return usageError("`%s` needs --weights FILE.safetensors (there is no `%s` either)",
                      command.name, best.c_str());
  fprintf(stderr, "note: the weights are those of `%s`\n", best.c_str());
  options->weights = best;
  return Status();
}

static Status runCommand(const dlc_model &model, int argc, char **argv) {
  if (model.version != DLC_MODEL_VERSION)
    return internalError("the model's table has version %u, this runtime reads version %d",
                         model.version, DLC_MODEL_VERSION);
  const char *program = argc > 0 ? argv[0] : model.name;
  if (argc < 2)
    return usageError("no command\n%s", overview(model, program).c_str());
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
      strcmp(argv[1], "help") == 0) {
    printf("%s", overview(model, program).c_str());
    return Status();
  }
  const Command *command = findCommand(argv[1]);
  if (!command) {
    std::vector<std::string> names;
    for (const Command &other : kCommands)
      names.push_back(other.name);
    return usageError("there is no command `%s`%s (there are %s)", argv[1],
                      didYouMean(argv[1], names).c_str(), join(names, ", ").c_str());
  }
  Options options;
  DLC_TRY(parseOptions(*command, argc - 2, argv + 2, &options));
  if (options.keep)
    data::Files::keepAtMost(*options.keep << 20);
  if (options.help) {
    printf("%s", helpOf(*command, program).c_str());
    return Status();
  }
  if (!options.files.empty() && command->run != predict)
    return usageError("`%s` takes no `%s`", command->name, options.files[0].c_str());
  DLC_TRY(checkProcessor(model));
  if (options.weights.empty() && (command->run == evaluate || command->run == predict))
    DLC_TRY(takeWeights(model, *command, &options));
  return command->run(model, options);
}

} // namespace dlc::runtime

int dlc_main(const dlc_model *model, int argc, char **argv) {
  using namespace dlc::runtime;
  std::set_new_handler([] { failForMemory(0); });
  Status status = runCommand(*model, argc, argv);
  // What was printed must have arrived, or the program did not do what it was asked for.
  if (!status.failed() && (fflush(stdout) != 0 || ferror(stdout)))
    status = inputError("cannot write to the standard output");
  switch (status.fault()) {
  case Fault::None:
    break;
  case Fault::Interrupted:
    fprintf(stderr, "%s\n", status.message().c_str());
    break;
  case Fault::Usage: {
    bool known = argc > 1 && findCommand(argv[1]);
    fprintf(stderr, "error: %s\nhelp: `%s%s%s --help`\n", status.message().c_str(),
            argc > 0 ? argv[0] : model->name, known ? " " : "", known ? argv[1] : "");
    break;
  }
  case Fault::Internal:
    fprintf(stderr, "error: %s\nThis is a fault of dlc, not yours; please report it.\n",
            status.message().c_str());
    break;
  case Fault::Input:
    fprintf(stderr, "error: %s\n", status.message().c_str());
    break;
  }
  return int(status.fault());
}
