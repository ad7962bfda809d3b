// Rewrites of loops: what need not run turn by turn runs once, for all turns.
//
// A value of a turn has a whole: the values of all turns along a new first axis. A product of
// slices and of what is the same in every turn is made of the wholes before the loop; one that the
// next turn does not need, after it; and a sum of products over the turns, as the gradients of
// weights are, is one product of wholes.
#include "compiler/nn/loops.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace dlc::nn {

RankedTensorType wholeType(Type type, int64_t count) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape.insert(shape.begin(), count);
  return RankedTensorType::get(shape, tensor.getElementType());
}

LoopOp widened(LoopOp loop, ArrayRef<Value> slices, ArrayRef<Value> stacked,
               RewriterBase &rewriter) {
  SmallVector<Type> types(loop.getResultTypes());
  SmallVector<StringRef> names;
  for (Value result : loop.getResults())
    names.push_back(nameOf(result));
  for (Value value : stacked)
    types.push_back(wholeType(value.getType(), loop.getCount()));
  names.resize(types.size());
  SmallVector<Value> all(loop.getSlices());
  llvm::append_range(all, slices);
  rewriter.setInsertionPoint(loop);
  auto wide = LoopOp::create(rewriter, withNames(loop.getLoc(), names), types, loop.getInits(), all,
                             loop.getCount(), loop.getReversed());
  rewriter.inlineRegionBefore(loop.getBody(), wide.getBody(), wide.getBody().end());
  auto yield = cast<YieldOp>(wide.getBlock().getTerminator());
  rewriter.modifyOpInPlace(yield, [&] { yield.getValuesMutable().append(stacked); });
  rewriter.replaceOp(loop, wide.getResults().take_front(loop.getNumResults()));
  return wide;
}

namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

bool isOutside(Value value, LoopOp loop) { return value.getParentBlock() != &loop.getBlock(); }

/// The number of the slice that an argument of the block is; none for a carried value.
std::optional<unsigned> sliceNumber(Value value, LoopOp loop) {
  auto argument = dyn_cast<BlockArgument>(value);
  unsigned carried = loop.getInits().size();
  if (!argument || argument.getOwner() != &loop.getBlock() || argument.getArgNumber() < carried)
    return std::nullopt;
  return argument.getArgNumber() - carried;
}

// --- the same for all turns --------------------------------------------------------------------

/// A matrix product, or rows of a table, where the second factor is the same in every turn.
bool isProduct(Operation *op, LoopOp loop) {
  if (auto matmul = dyn_cast_or_null<MatmulOp>(op))
    return typeOf(matmul.getA()).getRank() == 2 && isOutside(matmul.getB(), loop);
  auto gather = dyn_cast_or_null<GatherOp>(op);
  return gather && isOutside(gather.getTable(), loop);
}

/// Whether the operation makes a number of zeros. In a loop with a guard the stacks have zeros
/// where a turn was ended, and what infinity is multiplied by does not become 0.
bool isFiniteAtZero(Operation *op) { return !isa<DivOp, LogOp, PowOp>(op); }

/// Whether the operation can be done for all turns at once.
bool isBatchable(Operation *op, LoopOp loop) {
  if (!op || op->getNumRegions() > 0 || (loop.getGuard() && !isFiniteAtZero(op)))
    return false;
  if (auto gather = dyn_cast<GatherOp>(op))
    return isOutside(gather.getTable(), loop);
  return op->hasTrait<OpTrait::Elementwise>() ||
         isa<MatmulOp, BroadcastOp, ReshapeOp, TransposeOp, FlipOp, ConcatOp, SplitOp, ReduceSumOp,
             ReduceMaxOp, ArgmaxOp, OneHotOp>(op);
}

/// Makes wholes of values of a loop's turns, outside of the loop.
class Wholes {
public:
  Wholes(LoopOp loop, OpBuilder &builder) : loop(loop), builder(builder) {}

  void know(Value value, Value whole) { known[value] = whole; }

  Value of(Value value) {
    if (Value whole = known.lookup(value))
      return whole;
    Value whole;
    if (isOutside(value, loop))
      whole = BroadcastOp::create(builder, place(value), value, ArrayRef<int64_t>{0},
                                  ArrayRef<int64_t>{int64_t(loop.getCount())});
    else if (auto slice = sliceNumber(value, loop))
      whole = loop.getSlices()[*slice];
    else
      return make(value);
    known[value] = whole;
    return whole;
  }

  /// The turns' matrices [M, K] one below the other: [turns * M, K].
  Value stackedRows(Value value) {
    RankedTensorType type = typeOf(value);
    return reshape(of(value), {int64_t(loop.getCount()) * type.getDimSize(0), type.getDimSize(1)},
                   value);
  }

private:
  Location place(Value value) { return withName(value.getLoc(), ""); }

  Value reshape(Value x, ArrayRef<int64_t> shape, Value like) {
    return ReshapeOp::create(builder, place(like), x, shape);
  }

  static DenseI64ArrayAttr shifted(DenseI64ArrayAttr axes, OpBuilder &builder, bool withFirst) {
    SmallVector<int64_t> result;
    if (withFirst)
      result.push_back(0);
    for (int64_t axis : axes.asArrayRef())
      result.push_back(axis + 1);
    return builder.getDenseI64ArrayAttr(result);
  }

  Value make(Value value) {
    Operation *op = value.getDefiningOp();
    if (auto matmul = dyn_cast<MatmulOp>(op); matmul && isProduct(op, loop)) {
      Value rows = stackedRows(matmul.getA());
      Value product = MatmulOp::create(builder, place(value), rows, matmul.getB());
      RankedTensorType type = wholeType(value.getType(), loop.getCount());
      return known[value] = reshape(product, type.getShape(), value);
    }
    SmallVector<NamedAttribute> configuration;
    for (NamedAttribute attribute : op->getAttrs()) {
      StringRef name = attribute.getName();
      Attribute changed = attribute.getValue();
      if (name == "element")
        continue; // `create` adds it
      if (name == "axes" || name == "permutation")
        changed = shifted(cast<DenseI64ArrayAttr>(changed), builder, name == "permutation");
      else if (name == "axis")
        changed = builder.getI64IntegerAttr(cast<IntegerAttr>(changed).getInt() + 1);
      else if (name == "shape")
        changed =
            builder.getDenseI64ArrayAttr(wholeType(value.getType(), loop.getCount()).getShape());
      configuration.push_back(builder.getNamedAttr(name, changed));
    }
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands()) {
      bool isTable = isa<GatherOp>(op) && operand.getOperandNumber() == 0;
      operands.push_back(isTable ? operand.get() : of(operand.get()));
    }
    Operation *whole = create(builder, place(value), op->getName().stripDialect(), operands,
                              configuration, typeOf(value).getElementType());
    for (auto [one, all] : llvm::zip_equal(op->getResults(), whole->getResults()))
      known[one] = all;
    return known[value];
  }

  LoopOp loop;
  OpBuilder &builder;
  DenseMap<Value, Value> known;
};

// --- before the loop ---------------------------------------------------------------------------

/// Products of slices are made before the loop.
struct HoistProducts : OpRewritePattern<LoopOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoopOp loop, PatternRewriter &rewriter) const override {
    SmallPtrSet<Operation *, 16> ofSlices; // computed from slices and invariants alone
    Operation *found = nullptr;
    for (Operation &op : loop.getBlock().without_terminator()) {
      bool isKnown = isBatchable(&op, loop) && llvm::all_of(op.getOperands(), [&](Value operand) {
                       return isOutside(operand, loop) || sliceNumber(operand, loop) ||
                              ofSlices.contains(operand.getDefiningOp());
                     });
      if (!isKnown)
        continue;
      ofSlices.insert(&op);
      if (!found && isProduct(&op, loop))
        found = &op;
    }
    if (!found)
      return failure();
    rewriter.setInsertionPoint(loop);
    Value whole = Wholes(loop, rewriter).of(found->getResult(0));
    Value slice = loop.getBlock().addArgument(found->getResult(0).getType(), found->getLoc());
    rewriter.replaceOp(found, slice);
    widened(loop, whole, {}, rewriter);
    return success();
  }
};

// --- after the loop ----------------------------------------------------------------------------

/// What the next turn needs, through others: operations of the block.
SmallPtrSet<Operation *, 16> neededNext(LoopOp loop) {
  SmallPtrSet<Operation *, 16> needed;
  SmallVector<Value> waiting(loop.getNext());
  while (!waiting.empty()) {
    Operation *op = waiting.pop_back_val().getDefiningOp();
    if (op && op->getBlock() == &loop.getBlock() && needed.insert(op).second) {
      llvm::append_range(waiting, op->getOperands());
      op->walk([&](Operation *inner) { llvm::append_range(waiting, inner->getOperands()); });
    }
  }
  return needed;
}

/// Products that no later turn needs are made after the loop.
struct SinkProducts : OpRewritePattern<LoopOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoopOp loop, PatternRewriter &rewriter) const override {
    SmallPtrSet<Operation *, 16> needed = neededNext(loop);
    for (auto [number, value] : llvm::enumerate(loop.getStackedOperands())) {
      Operation *op = value.getDefiningOp();
      bool hasProduct = false;
      SetVector<Value> edge; // what it is computed of after the loop
      if (op && !loop.getStacked()[number].use_empty())
        collect(value, loop, needed, edge, hasProduct);
      if (!hasProduct)
        continue;
      SmallVector<Value> stacked;
      for (Value one : edge)
        if (!isOutside(one, loop) && !sliceNumber(one, loop))
          stacked.push_back(one);
      unsigned before = loop.getNumResults();
      unsigned sunk = loop.getInits().size() + number;
      LoopOp wide = widened(loop, {}, stacked, rewriter);
      rewriter.setInsertionPointAfter(wide);
      Wholes wholes(wide, rewriter);
      for (auto [i, one] : llvm::enumerate(stacked))
        wholes.know(one, wide.getResult(before + i));
      Value whole = wholes.of(value);
      if (StringRef name = nameOf(wide.getResult(sunk)); !name.empty())
        addName(whole, name);
      rewriter.replaceAllUsesWith(wide.getResult(sunk), whole);
      return success();
    }
    return failure();
  }

  static void collect(Value value, LoopOp loop, const SmallPtrSet<Operation *, 16> &needed,
                      SetVector<Value> &edge, bool &hasProduct) {
    Operation *op = value.getDefiningOp();
    bool mayMove = !isOutside(value, loop) && isBatchable(op, loop) && !needed.contains(op);
    if (!mayMove) {
      edge.insert(value);
      return;
    }
    hasProduct |= isProduct(op, loop);
    for (Value operand : op->getOperands())
      if (!(isProduct(op, loop) && isOutside(operand, loop)))
        collect(operand, loop, needed, edge, hasProduct);
  }
};

// --- sums over the turns -----------------------------------------------------------------------

/// s' = s + a product of two matrices, or a sum, or rows, or what is stacked anyway: all turns' in
/// one, after the loop.
struct SumAfterLoop : OpRewritePattern<LoopOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoopOp loop, PatternRewriter &rewriter) const override {
    for (auto [number, argument] : llvm::enumerate(loop.getCarriedArguments())) {
      SmallVector<Value> terms;
      if (!isSum(loop.getNext()[number], argument, terms))
        continue;
      auto *found = llvm::find_if(terms, [&](Value term) { return canBeSummed(term, loop); });
      if (found == terms.end())
        continue;
      Value term = *found;
      SetVector<Value> edge;
      if (isStacked(term, loop))
        edge.insert(term);
      else
        for (Value operand : term.getDefiningOp()->getOperands())
          collect(operand, loop, edge);
      SmallVector<Value> stacked(edge.getArrayRef());
      unsigned before = loop.getNumResults(), sum = number;
      LoopOp wide = widened(loop, {}, stacked, rewriter);
      rewriter.setInsertionPointAfter(wide);
      Wholes wholes(wide, rewriter);
      for (auto [i, one] : llvm::enumerate(stacked))
        wholes.know(one, wide.getResult(before + i));
      Value total = summed(term, wide, wholes, rewriter);
      Location location = withName(term.getLoc(), "");
      Value rest = wide.getResult(sum);
      auto both = AddOp::create(rewriter, location, rest, total);
      if (StringRef name = nameOf(rest); !name.empty())
        addName(both.getResult(), name);
      rewriter.replaceAllUsesExcept(rest, both.getResult(), both);
      // Without the term the sum goes on.
      rewriter.setInsertionPoint(wide);
      Value zero = constant(rewriter, location, typeOf(term), 0);
      rewriter.replaceUsesWithIf(term, zero, [&](OpOperand &use) {
        return isa<AddOp>(use.getOwner()) && isOfSum(use.getOwner(), wide.getNext()[sum]);
      });
      return success();
    }
    return failure();
  }

private:
  /// Whether `next` is the argument and terms added up, which nobody else uses.
  static bool isSum(Value next, BlockArgument argument, SmallVectorImpl<Value> &terms) {
    if (!argument.hasOneUse() || !isa<FloatType>(getElementTypeOrSelf(argument.getType())))
      return false;
    bool hasArgument = false;
    SmallVector<Value> waiting = {next};
    while (!waiting.empty()) {
      Value value = waiting.pop_back_val();
      auto add = value.getDefiningOp<AddOp>();
      if (value == argument)
        hasArgument = true;
      else if (add && add->hasOneUse())
        waiting.append({add.getB(), add.getA()});
      else
        terms.push_back(value);
    }
    return hasArgument;
  }

  /// Whether the addition is one of those that end in `next`.
  static bool isOfSum(Operation *add, Value next) {
    while (add->getResult(0) != next) {
      if (!add->hasOneUse() || !isa<AddOp>(*add->user_begin()))
        return false;
      add = *add->user_begin();
    }
    return true;
  }

  static bool isStacked(Value term, LoopOp loop) {
    auto stacked = llvm::zip(loop.getStackedOperands(), loop.getStacked());
    return llvm::any_of(stacked, [&](auto pair) {
      return std::get<0>(pair) == term && !std::get<1>(pair).use_empty();
    });
  }

  static bool canBeSummed(Value term, LoopOp loop) {
    if (isOutside(term, loop) || !term.getDefiningOp())
      return false;
    if (isStacked(term, loop))
      return true;
    if (!term.hasOneUse())
      return false;
    auto matmul = term.getDefiningOp<MatmulOp>();
    return (matmul && typeOf(matmul.getA()).getRank() == 2) || term.getDefiningOp<ReduceSumOp>() ||
           term.getDefiningOp<ScatterAddOp>();
  }

  /// What must be stacked: what is moved only is moved after the loop.
  static void collect(Value value, LoopOp loop, SetVector<Value> &edge) {
    if (isOutside(value, loop) || sliceNumber(value, loop))
      return;
    Operation *op = value.getDefiningOp();
    if (isa_and_nonnull<TransposeOp, ReshapeOp, BroadcastOp>(op))
      collect(op->getOperand(0), loop, edge);
    else
      edge.insert(value);
  }

  static Value summed(Value term, LoopOp loop, Wholes &wholes, PatternRewriter &rewriter) {
    Location location = withName(term.getLoc(), "");
    if (isStacked(term, loop))
      return ReduceSumOp::create(rewriter, location, wholes.of(term), ArrayRef<int64_t>{0});
    if (auto sum = term.getDefiningOp<ReduceSumOp>()) {
      SmallVector<int64_t> axes = {0};
      for (int64_t axis : sum.getAxes())
        axes.push_back(axis + 1);
      return ReduceSumOp::create(rewriter, location, wholes.of(sum.getX()), axes);
    }
    if (auto scatter = term.getDefiningOp<ScatterAddOp>())
      return ScatterAddOp::create(rewriter, location, wholes.of(scatter.getX()),
                                  wholes.of(scatter.getIndex()), scatter.getRows());
    auto matmul = term.getDefiningOp<MatmulOp>();
    Value left;
    if (auto transpose = matmul.getA().getDefiningOp<TransposeOp>();
        transpose && !isOutside(matmul.getA(), loop)) {
      left = TransposeOp::create(rewriter, location, wholes.stackedRows(transpose.getX()),
                                 ArrayRef<int64_t>{1, 0});
    } else {
      RankedTensorType type = typeOf(matmul.getA());
      Value turned = TransposeOp::create(rewriter, location, wholes.of(matmul.getA()),
                                         ArrayRef<int64_t>{1, 0, 2});
      left = ReshapeOp::create(
          rewriter, location, turned,
          ArrayRef<int64_t>{type.getDimSize(0), int64_t(loop.getCount()) * type.getDimSize(1)});
    }
    return MatmulOp::create(rewriter, location, left, wholes.stackedRows(matmul.getB()));
  }
};

// --- the order of samples and turns ------------------------------------------------------------

/// A loop wants its turns first, data have their samples first. Where both axes are exchanged
/// behind a product, less is moved before it.
bool isExchange(TransposeOp op) {
  ArrayRef<int64_t> order = op ? op.getPermutation() : ArrayRef<int64_t>();
  return order.size() > 2 && order[0] == 1 && order[1] == 0 &&
         llvm::equal(order.drop_front(2), llvm::seq<int64_t>(2, order.size()));
}

/// The matrix of which a value of three axes is the rows, in the order of the first two: null if
/// that is not all.
Value rowsOf(ReshapeOp op) {
  if (!op || typeOf(op.getX()).getRank() != 2 || typeOf(op).getRank() != 3 ||
      typeOf(op).getDimSize(2) != typeOf(op.getX()).getDimSize(1))
    return {};
  return op.getX();
}

/// The value of three axes whose rows a matrix is; null if that is not all.
Value linesOf(Value matrix) {
  auto op = matrix.getDefiningOp<ReshapeOp>();
  if (!op || typeOf(op.getX()).getRank() != 3 ||
      typeOf(op.getX()).getDimSize(2) != typeOf(matrix).getDimSize(1))
    return {};
  return op.getX();
}

class Exchanger {
public:
  explicit Exchanger(OpBuilder &builder) : builder(builder) {}

  /// Whether the value is made of a product of fewer numbers than it has itself, and by operations
  /// that nobody else needs.
  static bool pays(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || !op->hasOneUse())
      return false;
    if (op->hasTrait<OpTrait::Elementwise>())
      return llvm::any_of(op->getOperands(), pays);
    MatmulOp product = productOf(value);
    return product &&
           typeOf(linesOf(product.getA())).getNumElements() < typeOf(value).getNumElements();
  }

  /// The value with its first two axes exchanged.
  Value exchanged(Value value) {
    Operation *op = value.getDefiningOp();
    Location location = withName(value.getLoc(), "");
    if (auto transpose = dyn_cast_or_null<TransposeOp>(op); isExchange(transpose))
      return transpose.getX();
    if (auto broadcast = dyn_cast_or_null<BroadcastOp>(op))
      if (ArrayRef<int64_t> axes = broadcast.getAxes();
          axes.size() >= 2 && axes[0] == 0 && axes[1] == 1) {
        SmallVector<int64_t> sizes(broadcast.getSizes());
        std::swap(sizes[0], sizes[1]);
        return BroadcastOp::create(builder, location, broadcast.getX(), axes, sizes);
      }
    if (MatmulOp product = productOf(value); product && pays(value)) {
      Value lines = transposed(linesOf(product.getA()), location);
      Value rows = ReshapeOp::create(builder, location, lines, typeOf(product.getA()).getShape());
      Value made = MatmulOp::create(builder, location, rows, product.getB());
      return ReshapeOp::create(builder, location, made, exchangedShape(value));
    }
    if (op && op->hasTrait<OpTrait::Elementwise>() && pays(value)) {
      SmallVector<Value> operands =
          llvm::map_to_vector(op->getOperands(), [&](Value operand) { return exchanged(operand); });
      SmallVector<NamedAttribute> configuration(op->getAttrs());
      return create(builder, location, op->getName().stripDialect(), operands, configuration,
                    typeOf(value).getElementType())
          ->getResult(0);
    }
    return transposed(value, location);
  }

  Value transposed(Value value, Location location) {
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(typeOf(value).getRank()));
    std::swap(order[0], order[1]);
    return TransposeOp::create(builder, location, value, order);
  }

private:
  static SmallVector<int64_t> exchangedShape(Value value) {
    SmallVector<int64_t> shape(typeOf(value).getShape());
    std::swap(shape[0], shape[1]);
    return shape;
  }

  static MatmulOp productOf(Value value) {
    Value rows = rowsOf(value.getDefiningOp<ReshapeOp>());
    auto product = rows ? rows.getDefiningOp<MatmulOp>() : MatmulOp();
    return product && product->hasOneUse() && linesOf(product.getA()) &&
                   typeOf(linesOf(product.getA())).getDimSize(0) == typeOf(value).getDimSize(0)
               ? product
               : MatmulOp();
  }

  OpBuilder &builder;
};

/// What is exchanged for a loop's slices.
struct ExchangeBeforeProduct : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    bool isForLoop = llvm::any_of(op->getUsers(), llvm::IsaPred<LoopOp>);
    if (!isForLoop || !isExchange(op) || !Exchanger::pays(op.getX()))
      return failure();
    rewriter.replaceOp(op, Exchanger(rewriter).exchanged(op.getX()));
    return success();
  }
};

/// A product that adds up over samples and turns takes them in the order of the larger factor.
struct ExchangeSmallerFactor : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    auto left = op.getA().getDefiningOp<TransposeOp>();
    if (!left || typeOf(op.getA()).getRank() != 2)
      return failure();
    Value x = linesOf(left.getX()), z = linesOf(op.getB());
    auto exchange = z ? z.getDefiningOp<TransposeOp>() : TransposeOp();
    if (!x || !isExchange(exchange) || typeOf(x).getNumElements() >= typeOf(z).getNumElements() ||
        typeOf(x).getDimSize(0) != typeOf(z).getDimSize(0))
      return failure();
    Location location = withName(op.getLoc(), "");
    Value lines = Exchanger(rewriter).transposed(x, location);
    Value rows = ReshapeOp::create(rewriter, location, lines, typeOf(left.getX()).getShape());
    Value turned = TransposeOp::create(rewriter, location, rows, ArrayRef<int64_t>{1, 0});
    Value other =
        ReshapeOp::create(rewriter, location, exchange.getX(), typeOf(op.getB()).getShape());
    rewriter.replaceOpWithNewOp<MatmulOp>(op, turned, other);
    return success();
  }
};

// --- what is left over -------------------------------------------------------------------------

/// Drops slices, stacked and carried values that nothing needs, and what a turn hands on unchanged.
struct SimplifyLoop : OpRewritePattern<LoopOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LoopOp loop, PatternRewriter &rewriter) const override {
    bool changed = shareWholes(loop, rewriter);
    llvm::BitVector arguments = liveArguments(loop);
    llvm::BitVector results(loop.getNumResults());
    unsigned carried = loop.getInits().size();
    for (unsigned i = 0; i < loop.getNumResults(); ++i)
      results[i] = i < carried ? arguments[i] || !loop.getResult(i).use_empty()
                               : !loop.getResult(i).use_empty();
    for (unsigned i = 0; i < carried; ++i)
      arguments[i] = results[i];
    if (arguments.all() && results.all())
      return success(changed);
    if (results.none())
      return success(changed); // the loop itself has no use
    rebuild(loop, arguments, results, rewriter);
    return success();
  }

private:
  /// What is carried or stacked without being changed in a turn is known outside.
  static bool shareWholes(LoopOp loop, PatternRewriter &rewriter) {
    bool changed = false;
    auto replace = [&](Value from, Value to) {
      if (from.use_empty())
        return;
      rewriter.replaceAllUsesWith(from, to);
      changed = true;
    };
    for (auto [init, argument, next, result] :
         llvm::zip(loop.getInits(), loop.getCarriedArguments(), loop.getNext(), loop.getFinal()))
      if (next == argument) {
        replace(result, init);
        // The yield itself still hands it on.
        if (!argument.hasOneUse()) {
          rewriter.replaceUsesWithIf(argument, init, [&](OpOperand &use) {
            return !isa<YieldOp>(use.getOwner()) ||
                   use.getOperandNumber() >= loop.getInits().size();
          });
          changed = true;
        }
      }
    rewriter.setInsertionPoint(loop);
    DenseMap<Value, Value> stacks, slices;
    for (auto [value, result] : llvm::zip(loop.getStackedOperands(), loop.getStacked())) {
      if (result.use_empty())
        continue;
      if (isOutside(value, loop) || sliceNumber(value, loop))
        replace(result, Wholes(loop, rewriter).of(value));
      else if (auto [entry, isNew] = stacks.try_emplace(value, result); !isNew)
        replace(result, entry->second);
    }
    for (auto [whole, argument] : llvm::zip(loop.getSlices(), loop.getSliceArguments()))
      if (auto [entry, isNew] = slices.try_emplace(whole, argument); !isNew)
        replace(argument, entry->second);
    return changed;
  }

  /// Arguments of the block that its results need.
  static llvm::BitVector liveArguments(LoopOp loop) {
    llvm::BitVector live(loop.getBlock().getNumArguments());
    SmallPtrSet<Operation *, 16> seen;
    SmallVector<Value> waiting;
    for (auto [value, result] :
         llvm::zip(loop.getBlock().getTerminator()->getOperands(), loop.getResults()))
      if (!result.use_empty())
        waiting.push_back(value);
    if (GuardOp guard = loop.getGuard())
      waiting.push_back(guard.getMask());
    while (!waiting.empty()) {
      Value value = waiting.pop_back_val();
      if (auto argument = dyn_cast<BlockArgument>(value);
          argument && argument.getOwner() == &loop.getBlock()) {
        unsigned number = argument.getArgNumber();
        if (!live[number] && number < loop.getInits().size())
          waiting.push_back(loop.getNext()[number]);
        live[number] = true;
        continue;
      }
      Operation *op = value.getDefiningOp();
      if (!op || op->getBlock() != &loop.getBlock() || !seen.insert(op).second)
        continue;
      llvm::append_range(waiting, op->getOperands());
      for (Region &region : op->getRegions())
        region.walk([&](Operation *inner) { llvm::append_range(waiting, inner->getOperands()); });
    }
    return live;
  }

  static void rebuild(LoopOp loop, const llvm::BitVector &arguments, const llvm::BitVector &results,
                      PatternRewriter &rewriter) {
    SmallVector<Value> inits, slices, kept;
    SmallVector<Type> types;
    SmallVector<StringRef> names;
    for (auto [i, init] : llvm::enumerate(loop.getInits()))
      if (arguments[i])
        inits.push_back(init);
    for (auto [i, whole] : llvm::enumerate(loop.getSlices()))
      if (arguments[loop.getInits().size() + i])
        slices.push_back(whole);
    Block &block = loop.getBlock();
    for (auto [i, value] : llvm::enumerate(block.getTerminator()->getOperands()))
      if (results[i]) {
        kept.push_back(value);
        types.push_back(loop.getResult(i).getType());
        names.push_back(nameOf(loop.getResult(i)));
      }
    auto narrow = LoopOp::create(rewriter, withNames(loop.getLoc(), names), types, inits, slices,
                                 loop.getCount(), loop.getReversed());
    rewriter.modifyOpInPlace(block.getTerminator(),
                             [&] { block.getTerminator()->setOperands(kept); });
    // Uses of what is dropped are among what is dropped.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        rewriter.eraseOp(&op);
    for (unsigned i = block.getNumArguments(); i-- > 0;)
      if (!arguments[i]) {
        block.getArgument(i).dropAllUses();
        block.eraseArgument(i);
      }
    rewriter.inlineRegionBefore(loop.getBody(), narrow.getBody(), narrow.getBody().end());
    SmallVector<Value> replaced;
    unsigned next = 0;
    for (unsigned i = 0; i < loop.getNumResults(); ++i)
      replaced.push_back(results[i] ? Value(narrow.getResult(next++)) : Value());
    for (auto [old, value] : llvm::zip_equal(loop.getResults(), replaced))
      if (value)
        rewriter.replaceAllUsesWith(old, value);
    rewriter.eraseOp(loop);
  }
};

} // namespace

void addLoopPatterns(RewritePatternSet &patterns) {
  patterns.add<HoistProducts, SinkProducts, SumAfterLoop, SimplifyLoop, ExchangeBeforeProduct,
               ExchangeSmallerFactor>(patterns.getContext());
}

} // namespace dlc::nn
