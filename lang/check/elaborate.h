// Unfolds definitions into a graph: evaluates what is static, and records tensor operations.
//
// One Elaborator makes one graph. Its parts stand in expression.cpp (names, literals, operators),
// arithmetic.cpp (static numbers), tensor.cpp (operations of the graph), call.cpp (functions and
// layers), builtin.cpp, type.cpp (declared types), statement.cpp and variable.cpp (param and
// state).
#pragma once

#include "lang/check/environment.h"
#include "lang/check/instance.h"
#include "lang/check/pattern.h"
#include "lang/check/program.h"
#include "lang/check/signature.h"

namespace dlc::lang {

/// What the whole check shares.
struct Context {
  const Program &program;
  const Signatures &signatures;
  Report &report;
  const CheckOptions &options;
  std::map<const ast::Item *, Value> consts; // computed so far
  std::set<const ast::Item *> constsUnderWay;
};

/// How a number is wanted: where a float is, `1 / 255` divides as floats do.
enum class Wanted { Any, Float };

class Elaborator {
public:
  enum class Purpose { Static, Network, Optimizer };
  Elaborator(Context &context, Purpose purpose, bool training);

  // --- expressions and statements ---------------------------------------------------------------

  Value evaluate(const ast::Expr &expr, Environment &environment, Wanted wanted = Wanted::Any);

  /// What encloses the statements of a body, for errors about statements in the wrong place.
  enum class Body { Model, Layer, Function, Schedule, Optimizer };
  /// The returned value, if a `return` was reached.
  std::optional<Value> execute(const ast::Block &block, Environment &environment, Body body);

  /// As `execute`, for a whole body.
  void executeBody(const ast::Block &block, Environment &environment, Body body);
  Value valueOfConst(const ast::Item &item) { return evaluateConst(item); }

  /// The body of a `schedule` with its parameters bound.
  Value callSchedule(const ast::Item &item, Environment &environment, Range site);

  // --- arguments and types ----------------------------------------------------------------------

  struct GivenArgument {
    const ast::Argument *source = nullptr; // null for a piped value
    const ast::Expr *expr = nullptr;       // null for a piped value and a value at hand
    Value value;                           // of a piped value
    Range range;
  };
  /// For each parameter the argument given for it, or null; empty after an error.
  std::optional<std::vector<const GivenArgument *>>
  matchArguments(const std::string &callee, const std::vector<ast::Parameter> &parameters,
                 const std::vector<GivenArgument> &given, Range site);
  static std::vector<GivenArgument> list(const std::vector<ast::Argument> &arguments);

  /// The configuration's values, converted to the declared types, defaults evaluated; into
  /// `callee`.
  bool bindConfiguration(const ast::Item &item, const std::vector<GivenArgument> &given, Range site,
                         Environment &caller, Environment &callee);
  /// The static value in the declared type (which has no shape), or Poison after an error.
  Value convert(Value value, const ast::Type &type, const std::string &what, Range site,
                Range declaration);
  /// A declared tensor type whose dimensions are all known.
  std::optional<TensorType> tensorType(const ast::Type &type, Environment &environment,
                                       const std::string &name = "");
  /// The element type a name means, and for `class[10]` the number of classes.
  std::optional<Element> element(const ast::Name &name);
  /// A model's input. Its one symbol is `batchSymbol`.
  std::optional<TensorType> declaredInput(const ast::Type &type, Environment &environment);
  /// Whether a dimension is a name that means nothing yet.
  bool isSymbol(const ast::Expr &expr, Environment &environment) const;
  /// The static type names that a parameter may have.
  static bool isStaticType(const std::string &name);

  // --- the graph --------------------------------------------------------------------------------

  ValueId addNode(const std::string &op, std::vector<ValueId> operands,
                  std::map<std::string, Attribute> attributes, TensorType type, Range range);
  Value constant(std::vector<double> values, TensorType type, Range range);
  const TensorType &typeOf(ValueId id) const { return graph.nodes[id].type; }
  void nameValue(const Value &value, const std::string &name);
  struct Operand {
    Value value;
    Range range;
  };
  /// The operation on values that are adapted to each other as operators do.
  Value apply(const std::string &op, const std::vector<Operand> &operands, Range site,
              const std::string &shownAs = "");
  /// The operation on tensors as they are.
  Value applyExactly(const std::string &op, const std::vector<Operand> &operands,
                     std::map<std::string, Attribute> attributes, Range site);
  /// Each sample's share of the loss; Poison after an error.
  Value sampleWeight(Range site);
  ValueId randomKey(Range range);
  /// Adds a note saying where the value got its number of axes, or its shape.
  void noteOrigin(Diagnostic &error, ValueId id, bool ofRank, Range site) const;

  /// Gives nodes and variables their final names. Call once, at the end.
  void nameEverything();
  /// Drops the nodes that none of `results` need, except arguments; renumbers `results`.
  void prune(const std::vector<ValueId *> &results);

  Context &context;
  Report &report;
  const Purpose purpose;
  const bool training;

  Graph graph;
  std::vector<Variable> params, states;
  std::vector<ValueId> paramNodes, stateNodes, newStates;
  Places places;
  Place *place;            // where the body under way stands
  std::string batchSymbol; // of the model; empty without a batch dimension

  // of an optimizer
  std::vector<std::string> slots;
  std::vector<ValueId> newSlots;
  ValueId newWeight = -1;
  TensorType vectorType; // f32[#weights]
  Range newWeightRange;

private:
  // expression.cpp
  /// Counts one level deeper; false, after an error, if that is too deep.
  bool deepen(Range range);
  Value evaluateKind(const ast::Expr &expr, Environment &environment, Wanted wanted);
  Value evaluateName(const ast::Expr &expr, Environment &environment);
  Value evaluateConst(const ast::Item &item);
  /// The const's value from `-D name=text`, of the type that its default has.
  Value defined(const ast::Item &item, const Value &standard, const std::string &text);
  Value evaluateUnary(const ast::Expr &expr, Environment &environment, Wanted wanted);
  Value evaluateBinary(const ast::Expr &expr, Environment &environment, Wanted wanted);
  Value evaluateLogical(const ast::Expr &expr, Environment &environment);
  Value evaluateIndex(const ast::Expr &expr, Environment &environment);
  Value evaluateIf(const ast::Expr &expr, Environment &environment, Wanted wanted);
  Value evaluateBlock(const ast::Block &block, Environment &environment, Wanted wanted);
  Value undefinedName(const std::string &name, Range range, Environment &environment);

  // arithmetic.cpp
  Value arithmetic(const std::string &op, const Value &a, const Value &b, Range site,
                   Wanted wanted);
  Value comparison(const std::string &op, const Value &a, const Value &b, Range site);
  std::optional<Value> foldMath(const std::string &op, const std::vector<Operand> &operands,
                                Range site);
  Value checkedNumber(double number, const std::string &what, Range site);
  Value checkedDim(Dim dim, Range site);

  // tensor.cpp
  Value matmul(const Operand &a, const Operand &b, Range site);
  std::optional<std::vector<ValueId>> align(const ast::Item &op,
                                            const std::vector<Operand> &operands, Range site,
                                            const std::string &shownAs);
  Value reportOpError(const SignatureError &error, const std::vector<Operand> &operands,
                      Range site);

  // call.cpp
  Value evaluateCall(const ast::Expr &expr, Environment &environment, const Operand *piped);
  Value evaluatePipe(const ast::Expr &expr, Environment &environment);
  Value call(const Value &callee, std::vector<GivenArgument> given, Environment &environment,
             Range site, const Operand *piped);
  Value callFunction(const ast::Item &item, const std::vector<GivenArgument> &given, Range site,
                     Environment &caller);
  Value makeInstance(const ast::Item &item, const std::vector<GivenArgument> &given, Range site,
                     Environment &caller);
  Value applyInstance(LayerInstance &instance, const std::vector<GivenArgument> &given, Range site,
                      Environment &caller);
  Value configureOp(const ast::Item &item, const std::vector<GivenArgument> &given, Range site,
                    Environment &caller);
  Value applyOp(const ast::Item &item, const std::map<std::string, Attribute> &attributes,
                const std::vector<GivenArgument> &given, Range site, Environment &caller);
  std::optional<std::vector<Operand>> tensorArguments(const ast::Item &item,
                                                      const std::vector<GivenArgument> &given,
                                                      Range site, Environment &caller);
  Value runBody(const ast::Item &item, Environment &environment, ShapeVariables &variables,
                Body body, Range site);

  // type.cpp
  struct MatchedOperand {
    std::string name;
    Value value;
    Range range;
  };
  bool matchTensor(const ast::Item &item, const ast::Parameter &parameter, Operand &operand,
                   Environment &callee, ShapeVariables &variables,
                   std::vector<MatchedOperand> &matched);
  bool checkResult(const ast::Item &item, const ast::Type &type, const Value &value,
                   Environment &callee, ShapeVariables &variables, Range site);
  EvaluateDims dimEvaluator(Environment &environment, const ShapeVariables &variables,
                            bool mayBind);
  void bindDims(Environment &environment, const ShapeVariables &variables, Range range);
  std::optional<Shape> evaluateDims(const ast::Expr &expr, Environment &environment);

  // builtin.cpp
  Value callBuiltin(const std::string &name, const std::vector<GivenArgument> &given, Range site,
                    Environment &environment);

  // statement.cpp
  std::optional<Value> executeStatement(const ast::Stmt &stmt, Environment &environment, Body body);
  void executeLet(const ast::Stmt &stmt, Environment &environment);
  void executeAssign(const ast::Stmt &stmt, Environment &environment);
  std::optional<Value> executeIf(const ast::Stmt &stmt, Environment &environment, Body body);
  std::optional<Value> executeFor(const ast::Stmt &stmt, Environment &environment, Body body);
  std::optional<bool> condition(const ast::Expr &expr, Environment &environment);
  void bindLet(const ast::Name &name, Value value, Environment &environment, Binding::Kind kind);

  // variable.cpp
  void executeParam(const ast::Stmt &stmt, Environment &environment);
  void executeState(const ast::Stmt &stmt, Environment &environment, Body body);
  void executeWrite(const ast::Stmt &stmt, Environment &environment);
  void executeSlot(const ast::Stmt &stmt, Environment &environment);
  std::optional<TensorType> variableType(const ast::Stmt &stmt, Environment &environment);
  std::optional<Init> initialValue(const ast::Stmt &stmt, const TensorType &type,
                                   Environment &environment);
  std::optional<ValueId> declareVariable(const ast::Stmt &stmt, Environment &environment,
                                         bool isState);

  std::vector<Place *> nodePlaces;     // by node
  std::vector<std::string> localNames; // by node; the user's name without the place's path
  std::vector<Place *> paramPlaces, statePlaces;
  int64_t streams = 0;
  int depth = 0; // of expressions, blocks and calls under way
  bool wasTooDeep = false;
  int64_t turns = 0; // of all loops
  Body currentBody = Body::Function;
  ValueId key = -1, shares = -1;
};

} // namespace dlc::lang
