"""Forty small wrong changes, each of which the test suite should notice: `test/faults/run` makes one at a time.

A fault is a piece of our sources, which must stand in them once, however the lines are broken, and what stands there
instead. Each changes results, or touches memory that it must not, for some networks, and for many it does not.
"""
import dataclasses


@dataclasses.dataclass
class Fault:
    number: int
    what: str  # is wrong with it
    old: str
    new: str


FAULTS = [
    # --- gradient rules and rewrites ----------------------------------------------------------------------------------
    Fault(1, "where both operands of `max` are equal, the gradient goes to the first",
          """toA = f.less(getB(), getA());
  return {f.select(toA, dy, zero), f.select(toA, zero, dy)};""",
          """toB = f.less(getA(), getB());
  return {f.select(toB, zero, dy), f.select(toB, dy, zero)};"""),
    Fault(2, "equal largest elements get the whole gradient each",
          "Value share = f.div(dy, f.reduceSum(isLargest, getAxes()));",
          "Value share = dy;"),
    Fault(3, "the gradient of `pow` by its exponent asks for the exponent's sign, not the base's",
          "f.log(f.select(f.less(zero, a), a, one))",
          "f.log(f.select(f.less(zero, b), a, one))"),
    Fault(4, "a gradient that reaches a value by a second way is dropped",
          """sum = sum ? nn::AddOp::create(builder, nn::withName(value.getLoc(), ""), sum, gradient)
              : gradient;""",
          "sum = sum ? sum : gradient;"),
    Fault(5, "two transpositions become one in the wrong order",
          """for (int64_t axis : permutation)
    both.push_back(inner.getPermutation()[axis]);""",
          """for (int64_t axis : inner.getPermutation())
    both.push_back(permutation[axis]);"""),

    # --- the standard library -----------------------------------------------------------------------------------------
    Fault(6, "batch_norm keeps the biased variance",
          "(count / max(count - 1.0, 1.0))",
          "(count / max(count, 1.0))"),
    Fault(7, "nesterov looks ahead without the weight decay",
          "w <- w - lr * (d + mu * next)",
          "w <- w - lr * (g + mu * next)"),
    Fault(8, "global_avg_pool divides by the wrong size where images are not square",
          "(x |> reduce_sum([2, 3])) / float(H * W)",
          "(x |> reduce_sum([2, 3])) / float(W * W)"),
    Fault(9, "the cosine schedule falls one step too early",
          "let done = max(0.0, t - 1.0 - warmup) / max(1.0, total - warmup)",
          "let done = max(0.0, t - warmup) / max(1.0, total - warmup)"),

    # --- lowering -----------------------------------------------------------------------------------------------------
    Fault(10, "the gradient to an image starts at a wrong row where dilation exceeds stride",
          "phase.origin = (place + pad - phase.first * dilation) / stride;",
          "phase.origin = (place + pad) / stride;"),
    Fault(11, "`max` hides a NaN of its first operand",
          """Value isLarger = compare(b, arith::CmpIPredicate::sgt, CmpFPredicate::OGT, x[1], x[0]);
       return select(b, isLarger, x[1], x[0]);""",
          """Value isLarger = compare(b, arith::CmpIPredicate::sgt, CmpFPredicate::OGT, x[0], x[1]);
       return select(b, isLarger, x[0], x[1]);"""),
    Fault(12, "places in a pool's window are counted by its rows: two are one in a wide window",
          "arith::MulIOp::create(b, number(row), b.integer(kernel[1]))",
          "arith::MulIOp::create(b, number(row), b.integer(kernel[0]))"),
    Fault(13, "the two words of a random seed are swapped",
          "philox(b, {block, b.integer(uniform.getStream()), a[2], a[3]}, {a[0], a[1]});",
          "philox(b, {block, b.integer(uniform.getStream()), a[2], a[3]}, {a[1], a[0]});"),
    Fault(14, "tanh is cut off where it is not 1 yet",
          "atMost(9.25f, realOf(bitsOf(x) ^ sign))",
          "atMost(7.25f, realOf(bitsOf(x) ^ sign))"),
    Fault(15, "of equal largest elements `argmax` gives the last",
          "arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, a[0], a[1]);",
          "arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, a[0], a[1]);"),

    # --- fusion and layout --------------------------------------------------------------------------------------------
    Fault(16, "what transposes a sum of products counts as its tail",
          """if (found || !nest.isDpsInput(&operand) ||
          !nest.getMatchingIndexingMap(&operand).isIdentity())""",
          "if (found || !nest.isDpsInput(&operand))"),
    Fault(17, "a long sum loses what is left over when it is cut into parts",
          "op.getStaticLoopRanges()[dim] % choice.parts == 0 &&",
          "op.getStaticLoopRanges()[dim] >= choice.parts &&"),
    Fault(18, "with the batch in the lanes, all lanes count as the first image (dropout's mask)",
          "Value within = linalg::IndexOp::create(rewriter, loc, rank - 1);",
          "Value within = arith::ConstantIndexOp::create(rewriter, loc, 0);"),
    Fault(19, "a batch that is no multiple of 16 goes into the lanes",
          "return batch(a) % kLanes == 0 && (isFew(a) || isFew(b)) &&",
          "return batch(a) >= kLanes && (isFew(a) || isFew(b)) &&"),

    # --- memory -------------------------------------------------------------------------------------------------------
    Fault(20, "a buffer is used again in the step that reads it last",
          "bool meet = interval->first <= other->last && other->first <= interval->last;",
          "bool meet = interval->first < other->last && other->first < interval->last;"),
    Fault(21, "a result takes over the memory of an operand that is read in another order",
          """if (liesIn(memory, rootOf(operand->get())) &&
          !op.getMatchingIndexingMap(operand).isIdentity())""",
          "if (liesIn(memory, rootOf(operand->get())) && op.getNumReductionLoops() > 0)"),
    Fault(22, "a sum's tail may be written over what the sum still reads",
          "int first = sum ? steps[sum] : step;",
          "int first = sum ? step : step;"),
    Fault(23, "a result is written over an argument in the step that reads it",
          "if (!(*old.allocation == allocation) || old.last < memory.first)",
          "if (!(*old.allocation == allocation) || old.last <= memory.first)"),
    Fault(24, "the last row and column of the zeros around an image are not written",
          "std::pair(end, wholeSizes[axis] - end)}) {",
          "std::pair(end, std::max<int64_t>(0, wholeSizes[axis] - end - 1))}) {"),
    Fault(25, "memory for turned inputs and for filters' forms overlaps the arena's plan",
          "int64_t begin = aligned(planned.try_emplace(function, bytes).first->second);",
          "int64_t begin = aligned(planned.try_emplace(function, bytes).first->second / 2);"),

    # --- kernels ------------------------------------------------------------------------------------------------------
    Fault(26, "a sum with lanes along it starts anew in each block",
          """if (!at.isFirst)
    return afterStart();""",
          """if (!at.isFirst || from)
    return afterStart();"""),
    Fault(27, "lanes beyond the end of a reduction count as zeros",
          "if (vectorReduces && at.active < at.schedule.lanes)",
          "if (vectorReduces && at.active < 0)"),
    Fault(28, "rows of taps are left out that only the first point of a tile finds to be padding",
          "Value least = p.sign > 0 ? from(p.low, last)",
          "Value least = p.sign > 0 ? from(p.low, first)"),
    Fault(29, "strided vectors are read beyond their last element",
          "span = (active - 1) * step + 1;",
          "span = active * step;"),
    Fault(30, "a packed panel is too small for its last, whole vector",
          "panels.elements = llvm::alignTo(panels.elements + schedule.lanes, width);",
          "panels.elements = llvm::alignTo(panels.elements, width);"),
    Fault(31, "packing reads beyond the end of an image in its last block",
          """last = at.plus(range.begin, last);
      if (at.nest.sizes[d] % range.extent != 0)""",
          """last = at.plus(range.begin, last);
      if (at.nest.sizes[d] < range.extent)"""),
    Fault(32, "tiles of an image of odd size write a whole column too many",
          "runs.push_back({block - 1, 1, 1, last});",
          "runs.push_back({block - 1, 1, 2, last});"),
    Fault(33, "sums of tiles start from what the scratch memory holds",
          "bool isWhole = inputs.count == 1; if (!isWhole)",
          "bool isWhole = inputs.count == 1; if (inputs.count == 0)"),
    Fault(34, "the zeros around an image are not written though bands of rows read them",
          "winograd.readsPadding = !isOverlapAdd || at.rows != size(Convolution::H) || !whole.knowsPadding;",
          "winograd.readsPadding = !isOverlapAdd || !whole.knowsPadding;"),
    Fault(35, "convolutions that differ in their padding alone share a kernel",
          "list(ArrayRef<int64_t>{p.parallel, p.reduced, p.step, p.sign, p.offset, p.low, p.high});",
          "list(ArrayRef<int64_t>{p.parallel, p.reduced, p.step, p.sign, p.offset});"),

    # --- the runtime --------------------------------------------------------------------------------------------------
    Fault(36, "the last partial batch is weighed as a whole one",
          "batch->weigh(*plan_.model, rows, end - begin);",
          "batch->weigh(*plan_.model, rows, plan_.samplesPerStep);"),
    Fault(37, "where a kernel's items do not divide evenly among its shares, the last is not run",
          "int64_t begin = share * whole + std::min(share, rest);",
          "int64_t begin = share * whole + std::min(share, std::max<int64_t>(rest - 1, 0));"),
    Fault(38, "a resumed training counts steps for calls: dropout's masks are others",
          'number("calls", progress.calls);',
          'number("calls", uint64_t(progress.step));'),
    Fault(39, "after the epoch it resumes in, a training skips the steps done before in that epoch",
          "int64_t firstStep = epoch == plan_.firstEpoch ? plan_.firstStep : 0;",
          "int64_t firstStep = plan_.firstStep;"),
    Fault(40, "a shuffle never leaves a sample in its place",
          "static_cast<unsigned __int128>(word) * uint64_t(i + 1)) >> 64);",
          "static_cast<unsigned __int128>(word) * uint64_t(i)) >> 64);"),
]
