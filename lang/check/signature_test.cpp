// The primitive operations' shape rules, as the compiler's dialect uses them: all sizes constant.
#include "lang/check/signature.h"
#include "lang/syntax/parse.h"
#include "stdlib/embedded.h"

#include <gtest/gtest.h>

namespace dlc::lang {
namespace {

class SignatureTest : public testing::Test {
protected:
  SignatureTest() {
    for (const dlc::StandardFile &file : dlc::standardLibrary())
      if (std::string(file.name).ends_with("ops.nn"))
        ops = parse(sources, sources.add(file.name, file.text, true), diagnostics);
    signatures.emplace(ops);
  }

  /// The results' types, or the error's message.
  std::string infer(const std::string &op, const std::vector<Shape> &operands,
                    const std::map<std::string, Attribute> &attributes = {}) {
    std::vector<TensorType> types;
    for (const Shape &shape : operands)
      types.push_back({Element::Real, shape, 0});
    auto result = signatures->infer(op, types, attributes);
    auto *inferred = std::get_if<std::vector<TensorType>>(&result);
    if (!inferred)
      return std::get<SignatureError>(result).message;
    std::string text;
    for (const TensorType &type : *inferred)
      text += (text.empty() ? "" : ", ") + str(type);
    return text;
  }

  Sources sources;
  Diagnostics diagnostics{sources};
  ast::File ops;
  std::optional<Signatures> signatures;
};

TEST_F(SignatureTest, EveryOperationHasADeclaration) {
  EXPECT_FALSE(diagnostics.hasErrors());
  EXPECT_GE(signatures->names().size(), 35u);
  EXPECT_TRUE(signatures->contains("conv2d"));
  EXPECT_FALSE(signatures->contains("conv"));
  EXPECT_EQ(signatures->declaration("conv2d").inputs.size(), 2u);
}

TEST_F(SignatureTest, Elementwise) {
  EXPECT_EQ(infer("add", {{3, 4}, {3, 4}}), "f32[3, 4]");
  EXPECT_EQ(infer("less", {{3}, {3}}), "bool[3]");
  EXPECT_EQ(infer("add", {{3, 4}, {4}}), "`b` is f32[4], which does not fit the shape of `a`");
  EXPECT_EQ(infer("cast", {{2}}, {{"to", Element::Double}}), "f64[2]");
  EXPECT_EQ(infer("add", {{3}}), "`add` takes 2 tensors, found 1");
}

TEST_F(SignatureTest, Shapes) {
  EXPECT_EQ(infer("reshape", {{3, 4}}, {{"shape", Shape{2, 6}}}), "f32[2, 6]");
  EXPECT_EQ(infer("transpose", {{3, 4, 5}}, {{"permutation", Shape{2, 0, 1}}}), "f32[5, 3, 4]");
  EXPECT_EQ(infer("transpose", {{3, 4}}, {{"permutation", Shape{0, 0}}}),
            "`transpose` of f32[3, 4] needs each axis once, found [0, 0]");
  EXPECT_EQ(infer("flip", {{3, 4, 5}}, {{"axes", Shape{0, 2}}}), "f32[3, 4, 5]");
  EXPECT_EQ(infer("flip", {{3, 4}}, {{"axes", Shape{1, 0}}}),
            "`flip` of f32[3, 4] needs ascending axes of it, found [1, 0]");
  EXPECT_EQ(infer("broadcast", {{3}}, {{"axes", Shape{0, 2}}, {"sizes", Shape{7, 8}}}),
            "f32[7, 3, 8]");
  EXPECT_EQ(infer("reduce_sum", {{3, 4, 5}}, {{"axes", Shape{0, 2}}}), "f32[4]");
  EXPECT_EQ(infer("reduce_sum", {{3}}, {{"axes", Shape{1}}}),
            "`reduce_sum` of f32[3] needs ascending axes of it, found [1]");
}

TEST_F(SignatureTest, SeveralOperandsAndResults) {
  EXPECT_EQ(infer("concat", {{2, 3}, {2, 1}, {2, 4}}, {{"axis", int64_t(1)}}), "f32[2, 8]");
  EXPECT_EQ(infer("concat", {{2, 3}}, {{"axis", int64_t(0)}}), "f32[2, 3]");
  EXPECT_EQ(infer("concat", {}, {{"axis", int64_t(0)}}),
            "`concat` takes at least 1 tensors, found 0");
  EXPECT_EQ(infer("concat", {{2, 3}, {2, 3}, {3, 3}}, {{"axis", int64_t(1)}}),
            "`concat` along axis 1 needs axis 0 to be equal: the first is f32[2, 3], tensor 3 is "
            "f32[3, 3]");
  EXPECT_EQ(infer("concat", {{2, 3}, {2}}, {{"axis", int64_t(1)}}),
            "`concat` needs tensors of one kind: the first is f32[2, 3], tensor 2 is f32[2]");
  EXPECT_EQ(infer("concat", {{2, 3}}, {{"axis", int64_t(2)}}),
            "there is no axis 2 in f32[2, 3] for `concat`, counted from 0");
  std::map<std::string, Attribute> split = {{"axis", int64_t(1)}, {"sizes", Shape{2, 1}}};
  EXPECT_EQ(infer("split", {{2, 3}}, split), "f32[2, 2], f32[2, 1]");
  EXPECT_EQ(infer("split", {{2, 4}}, split),
            "`split` into sizes [2, 1], which are 3 together, but axis 1 of f32[2, 4] is 4");
  split["sizes"] = Shape{3, 0};
  EXPECT_EQ(infer("split", {{2, 3}}, split),
            "every size of `split` must be at least 1, found [3, 0]");
}

TEST_F(SignatureTest, Contractions) {
  EXPECT_EQ(infer("matmul", {{2, 3, 4}, {2, 4, 5}}), "f32[2, 3, 5]");
  EXPECT_EQ(infer("matmul", {{3, 4}, {5, 6}}), "axis 0 of `b` is 5, but axis 1 of `a` is 4");
  std::map<std::string, Attribute> plain = {{"stride", Shape{2, 1}},
                                            {"pad", Shape{1, 0, 1, 2}},
                                            {"dilation", Shape{1, 2}},
                                            {"groups", int64_t(2)}};
  EXPECT_EQ(infer("conv2d", {{1, 4, 9, 9}, {6, 2, 3, 3}}, plain), "f32[1, 6, 5, 7]");
  EXPECT_EQ(infer("conv2d", {{1, 4, 1, 9}, {6, 2, 5, 3}}, plain),
            "a 5x5 window does not fit the padded input of 3x11");
  EXPECT_EQ(infer("conv2d_grad_input", {{1, 6, 5, 7}, {6, 2, 3, 3}},
                  {{"shape", Shape{1, 4, 9, 9}},
                   {"stride", Shape{2, 1}},
                   {"pad", Shape{1, 0, 1, 2}},
                   {"dilation", Shape{1, 2}},
                   {"groups", int64_t(2)}}),
            "f32[1, 4, 9, 9]");
}

TEST_F(SignatureTest, Windows) {
  std::map<std::string, Attribute> two = {
      {"kernel", Shape{2, 2}}, {"stride", Shape{2, 2}}, {"pad", Shape{0, 0, 0, 0}}};
  EXPECT_EQ(infer("max_pool2d", {{1, 3, 7, 6}}, two), "f32[1, 3, 3, 3]");
  EXPECT_EQ(infer("max_pool2d_grad", {{1, 3, 7, 6}, {1, 3, 3, 3}}, two), "f32[1, 3, 7, 6]");
  two["stride"] = Shape{2};
  EXPECT_EQ(infer("max_pool2d", {{1, 3, 7, 6}}, two),
            "`max_pool2d` needs 2 numbers in `stride`, found [2]");
}

TEST_F(SignatureTest, ClassesAndRandomNumbers) {
  auto argmax = signatures->infer("argmax", {{Element::Real, {Dim::symbol("B"), 10}, 0}}, {});
  EXPECT_EQ(std::get<std::vector<TensorType>>(argmax)[0].classes, 10);
  EXPECT_EQ(str(std::get<std::vector<TensorType>>(argmax)[0]), "int[B]");
  auto hot = signatures->infer("one_hot", {{Element::Int, {Dim(7)}, 3}}, {{"classes", int64_t(3)}});
  EXPECT_EQ(str(std::get<std::vector<TensorType>>(hot)[0]), "f32[7, 3]");
  auto random = signatures->infer("random_uniform", {{Element::Int, {Dim(4)}, 0}},
                                  {{"shape", Shape{5, 6}}, {"stream", int64_t(0)}});
  EXPECT_EQ(str(std::get<std::vector<TensorType>>(random)[0]), "f32[5, 6]");
}

} // namespace
} // namespace dlc::lang
