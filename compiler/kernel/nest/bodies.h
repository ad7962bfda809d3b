// The scalar bodies of the nests that kernels are made of beside those of linalg ops: transforms
// and products of convolutions by tiles, in f32, and copies.
#pragma once
#include "compiler/kernel/nest/nest.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc::kernel {

/// One axis of a transform: what each result is made of.
using Row = std::array<double, 8>;
using Matrix = llvm::ArrayRef<Row>;

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
  mlir::Block *overlapAdd(Matrix matrix, int64_t groups, int64_t apart, int64_t count);
  /// What `sums` makes of its first `inputs` arguments, put through the epilogue of `nest`: the
  /// other arguments are, input by input of the epilogue that is read, elements for each sum.
  /// Yields the sums if the nest keeps them, and output by output of the epilogue its elements for
  /// each sum.
  mlir::Block *withEpilogue(mlir::Block *sums, unsigned inputs, const Nest &nest);

private:
  mlir::ImplicitLocOpBuilder b;

  mlir::Block *begin(unsigned arguments, mlir::Type element);
  mlir::Value number(double value);
  /// The values times their factors, added to `sum` if there is one.
  mlir::Value combine(llvm::ArrayRef<double> factors, llvm::ArrayRef<mlir::Value> values,
                      mlir::Value sum = {});
};

} // namespace dlc::kernel
