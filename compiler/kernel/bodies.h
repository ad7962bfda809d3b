// The scalar bodies of the nests that kernels are made of beside those of linalg ops: those of
// convolutions by tiles (winograd.h), in f32, and copies.
#pragma once
#include "compiler/kernel/nest.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc::kernel {

/// One axis of a transform: what each result is made of.
using Row = std::array<double, 8>;
using Matrix = llvm::ArrayRef<Row>;

/// How a tile of results of a convolution is made from forms of pixels and of taps, one form less
/// than there are results and taps, along one axis: Toom and Cook's polynomials.
struct Transforms {
  std::vector<Row> image, filter, result; // pixels and taps to forms, forms to results
  // The last two turned around, for the gradient of the filter: results to forms, forms to taps.
  std::vector<Row> resultGradient, filterGradient;
};

/// For 3 or 5 taps and tiles of two or four results.
const Transforms &transformsFor(int64_t taps, int64_t tile);

/// Writes bodies, whose arguments are a nest's inputs and then its outputs.
class Bodies {
public:
  explicit Bodies(mlir::MLIRContext *context);

  /// Where they live.
  std::shared_ptr<mlir::Region> region;

  mlir::Block *copy(mlir::Type element);
  mlir::Block *zero();
  /// The product of two inputs, added to what was there.
  mlir::Block *multiplyAdd();
  /// `results[0]` x `results[1]` results from as many inputs, row by row: the matrix along both
  /// axes. Inputs beyond those that there are count as zero.
  mlir::Block *transform(Matrix matrix, std::array<int64_t, 2> inputs,
                         std::array<int64_t, 2> results);
  /// A transform turned around: groups of as many inputs as the matrix has rows become a line of
  /// `count` results. Each group is a part of as many of them, `apart` further on than the group
  /// before; what lies behind the line is left out.
  mlir::Block *spread(Matrix matrix, int64_t groups, int64_t apart, int64_t count);
  /// What `sums` makes of its first `inputs` arguments, put through the tail of `nest`: the other
  /// arguments are, input by input of the tail that is read, elements for each sum. Yields the sums
  /// if the nest keeps them, and output by output of the tail its elements for each sum.
  mlir::Block *withTail(mlir::Block *sums, unsigned inputs, const Nest &nest);

private:
  mlir::ImplicitLocOpBuilder b;

  mlir::Block *begin(unsigned arguments, mlir::Type element);
  mlir::Value number(double value);
  /// The values times their factors, added to `sum` if there is one.
  mlir::Value combine(llvm::ArrayRef<double> factors, llvm::ArrayRef<mlir::Value> values,
                      mlir::Value sum = {});
};

} // namespace dlc::kernel
