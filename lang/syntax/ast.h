// The syntax tree: what the parser makes of one file, every node with its place.
#pragma once

#include "lang/source.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dlc::lang::ast {

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;

struct Name {
  std::string text;
  Range range;
};

// --- types -------------------------------------------------------------------------------------

/// `int`, `f32[N, C, ...]`, `class[10]`, `(T, T)`. Dimensions are expressions; `...` is an
/// Ellipsis.
struct Type {
  Name name;                  // "int", "f32", "real", "class", …; "" for a tuple
  bool hasShape = false;      // `f32[]` is a scalar tensor; `int` has no shape
  std::vector<ExprPtr> shape; // dimensions
  std::vector<Type> elements; // of a tuple
  std::vector<Name> labels;   // of a tuple of results `(logits: f32[B, 10])`; else empty
  Range range;
};

/// Expressions and blocks that nest deeper are refused by the parser.
constexpr int kMaxDepth = 500;

// --- expressions -------------------------------------------------------------------------------

struct Argument {
  std::optional<Name> name; // `kernel = 5`
  ExprPtr value;
};

struct Block {
  std::vector<StmtPtr> statements;
  Range range;   // with its braces
  int depth = 0; // of the deepest expression in it
};

struct Expr {
  enum class Kind {
    Int,      // integer
    Float,    // number
    Bool,     // integer 0 or 1
    String,   // text
    Name,     // text
    Ellipsis, // `...` (in shapes)
    List,     // [operands]
    Tuple,    // (operands), two or more
    Unary,    // op, operands[0]; op: "-" "not"
    Binary,   // op, operands[0], operands[1]; op: + - * / % ** @ == != < <= > >= and or
    Pipe,     // operands[0] |> operands[1]
    Range,    // operands[0] .. operands[1]
    Call,     // operands[0](arguments)
    Index,    // operands[0][operands[1..]]
    Slice,    // from : to, in an index: arguments of these names, where they are there
    Member,   // operands[0].text
    If,       // if operands[0] { blocks[0] } else { blocks[1] }; `else if` nests
    Loop,     // text operands[0] in operands[1] options, arguments { blocks[0] }; text: loop scan
    Next,     // next text
  };
  Kind kind;
  Range range;
  int depth = 1; // of the tree below, at most kMaxDepth: walking it recursively is safe
  Range focus;   // the operator or the called name: the narrowest place to point at
  int64_t integer = 0;
  double number = 0;
  std::string text; // name, string contents, operator
  std::vector<ExprPtr> operands;
  std::vector<Argument> arguments;
  std::vector<Argument> options; // of a loop: along, reversed, lengths, until
  std::vector<Block> blocks;
};

// --- statements --------------------------------------------------------------------------------

struct Stmt {
  enum class Kind {
    Let,    // let names(: type)? = value (one name, or a tuple's), or let names[0][indices] …
    Var,    // var names[0](: type)? = value
    Assign, // names = value             (a var, or a model's result)
    Write,  // names[0] <- value         (a state; in an optimizer also the weight)
    Next,   // next names[0] = value     (what a loop carries)
    Yield,  // yield value               (what a loop stacks)
    Param,  // param names[0]: type = value
    State,  // state names[0](: type)? = value
    If,     // if value { blocks[0] } else { blocks[1] }; `else if` nests: a block of one If. As a
            // block's last statement, with `else`, it may be the block's value.
    For,    // for names[0] in value { blocks[0] }
    Return, // return value
    Each,   // each names[0] |> …        (data block; value is the pipe with names[0] as its source)
    Augment, // augment names[0] |> …     (the same, in training only)
    Expr,    // value; a block's last expression is the block's value
  };
  Kind kind;
  Range range;
  std::string doc;
  std::vector<Name> names;
  bool isTuple = false;                     // `let (a, b) = …`
  std::optional<std::vector<Name>> indices; // `y[i, j] = …`, of Let and Assign
  std::optional<Type> type;
  ExprPtr value; // may be null after recovery
  std::vector<Block> blocks;
};

// --- items -------------------------------------------------------------------------------------

struct Parameter {
  Name name;
  std::optional<Type> type;
  ExprPtr defaultValue; // may be null
  bool repeats = false; // `x: real[...], ...`: one tensor or more (stdlib/ops.nn)
};

struct Item {
  enum class Kind {
    Use,       // use "blocks.nn"                       text
    Const,     // const name (: type)? = value
    Model,     // model name(inputs) -> result body
    Layer,     // layer name(config)(inputs) -> result? body
    Function,  // fn name(config) -> result? body | = value
    Op,        // op name(config)?(inputs) -> result    (stdlib/ops.nn)
    Loader,    // loader name(config)                   (stdlib/data.nn)
    Transform, // transform name(config)                (stdlib/data.nn)
    Score,     // score name(config)                    (stdlib/metric.nn)
    Schedule,  // schedule name(config)(t, total) body
    Optimizer, // optimizer name(config)(w, g) body
    Data,      // data name(config) body
    Train,     // train name on dataName body           (statements are Assign)
  };
  Kind kind;
  Range range;
  std::string doc; // `///` lines, without the slashes
  Name name;
  Name dataName;
  std::string text;
  std::vector<Parameter> config;
  std::vector<Parameter> inputs;
  std::optional<Type> result; // for `-> rule`, a type of that name
  ExprPtr value;              // const, `fn f(x) = value`
  Block body;
};

struct File {
  int32_t source = -1;
  std::string doc; // `//` header is not kept; `///` before the first item is that item's
  std::vector<Item> items;
};

/// An indented text form, for `--emit=ast`.
std::string print(const File &file);

} // namespace dlc::lang::ast
