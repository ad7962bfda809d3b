// Philox4x32-10 (Salmon et al. 2011) on vectors of 32-bit integers.
#include "compiler/linalg/rules.h"

using namespace mlir;

namespace dlc::lower {
namespace {

constexpr uint32_t kMultiplier[2] = {0xD2511F53, 0xCD9E8D57};
constexpr uint32_t kKeyStep[2] = {0x9E3779B9, 0xBB67AE85};
constexpr int kRounds = 10;

Value bitXor(Builder &b, Value x, Value y, Value z) {
  return arith::XOrIOp::create(b, arith::XOrIOp::create(b, x, y), z);
}

// The four words of one counter.
std::array<Value, 4> philox(Builder &b, std::array<Value, 4> counter, std::array<Value, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    if (round > 0)
      for (int i = 0; i < 2; ++i)
        key[i] = arith::AddIOp::create(b, key[i], b.integer(kKeyStep[i]));
    auto first = arith::MulUIExtendedOp::create(b, counter[0], b.integer(kMultiplier[0]));
    auto second = arith::MulUIExtendedOp::create(b, counter[2], b.integer(kMultiplier[1]));
    counter = {bitXor(b, second.getHigh(), counter[1], key[0]), second.getLow(),
               bitXor(b, first.getHigh(), counter[3], key[1]), first.getLow()};
  }
  return counter;
}

// Element i is word i % 4 of counter i / 4, its upper 24 bits as a fraction.
Value lowerRandomUniform(Builder &b, Operation *op, ValueRange key) {
  auto uniform = cast<nn::RandomUniformOp>(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  unsigned rank = type.getRank();
  SmallVector<Value> words(4, key[0]);
  SmallVector<AffineMap> maps;
  for (int64_t word = 0; word < 4; ++word)
    maps.push_back(b.map(rank, b.getAffineConstantExpr(word)));
  maps.push_back(b.identity(rank));
  Type real = type.getElementType();
  return b.generic(
      words, b.empty(type.getShape(), real), maps, 0, [&](Builder &b, ValueRange a) -> Value {
        Value i = b.integer(0);
        for (unsigned d = 0; d < rank; ++d) {
          Value along =
              arith::IndexCastOp::create(b, b.getI32Type(), linalg::IndexOp::create(b, d));
          i = arith::AddIOp::create(b, arith::MulIOp::create(b, i, b.integer(type.getDimSize(d))),
                                    along);
        }
        Value block = arith::ShRUIOp::create(b, i, b.integer(2));
        std::array<Value, 4> word =
            philox(b, {block, b.integer(uniform.getStream()), a[2], a[3]}, {a[0], a[1]});
        Value which = arith::AndIOp::create(b, i, b.integer(3));
        Value chosen = word[3];
        for (int k = 2; k >= 0; --k) {
          Value isThis = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, which, b.integer(k));
          chosen = arith::SelectOp::create(b, isThis, word[k], chosen);
        }
        Value bits = arith::ShRUIOp::create(b, chosen, b.integer(8));
        Value number = arith::SIToFPOp::create(b, real, bits);
        return arith::MulFOp::create(b, number, b.number(real, 0x1p-24));
      });
}

} // namespace

void addRandomRules(Rules &rules) { rules["random_uniform"] = lowerRandomUniform; }

} // namespace dlc::lower
