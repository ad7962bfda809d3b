// The syntax tree as indented text, for `--emit=ast`: every operator with its parentheses, so that
// what binds how can be seen, and no comments or places.
#include "lang/syntax/ast.h"

#include <charconv>

namespace dlc::lang::ast {
namespace {

class Printer {
public:
  std::string take() { return std::move(out); }
  void print(const Item &item);

private:
  void line(const std::string &text) { out += std::string(size_t(2) * depth, ' ') + text + "\n"; }
  void doc(const std::string &text);
  void print(const Stmt &statement);
  void print(const Block &block);

  std::string out;
  int depth = 0;
};

std::string str(const Expr &expr);
std::string str(const Stmt &statement);

template <typename T, typename Text>
std::string join(const std::vector<T> &list, const char *separator, Text text) {
  std::string result;
  for (const T &element : list)
    result += (result.empty() ? "" : separator) + text(element);
  return result;
}

std::string join(const std::vector<ExprPtr> &list, size_t from = 0) {
  std::string result;
  for (size_t i = from; i < list.size(); ++i)
    result += (i > from ? ", " : "") + str(*list[i]);
  return result;
}

std::string quote(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    if (c == '\n' || c == '\t')
      result += c == '\n' ? "\\n" : "\\t";
    else
      result += c;
  }
  return result + "\"";
}

/// The shortest digits that read back as the same number, always with a point or an exponent.
std::string str(double number) {
  char digits[32];
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string str(const Type &type) {
  if (type.hasShape)
    return type.name.text + "[" + join(type.shape) + "]";
  if (!type.name.text.empty())
    return type.name.text;
  std::string result;
  for (size_t i = 0; i < type.elements.size(); ++i) {
    result += i > 0 ? ", " : "";
    result += i < type.labels.size() ? type.labels[i].text + ": " : "";
    result += str(type.elements[i]);
  }
  return "(" + result + ")";
}

/// A block inside an expression: on one line.
std::string str(const Block &block) {
  auto text = [](const StmtPtr &statement) { return str(*statement); };
  return "{ " + join(block.statements, "; ", text) + " }";
}

std::string str(const Argument &argument) {
  return (argument.name ? argument.name->text + " = " : "") + str(*argument.value);
}

std::string str(const Expr &expr) {
  const std::vector<ExprPtr> &operands = expr.operands;
  auto between = [&](const std::string &sign) {
    return "(" + str(*operands[0]) + sign + str(*operands[1]) + ")";
  };
  switch (expr.kind) {
  case Expr::Kind::Int:
    return std::to_string(expr.integer);
  case Expr::Kind::Float:
    return str(expr.number);
  case Expr::Kind::Bool:
    return expr.integer ? "true" : "false";
  case Expr::Kind::String:
    return quote(expr.text);
  case Expr::Kind::Name:
    return expr.text;
  case Expr::Kind::Ellipsis:
    return "...";
  case Expr::Kind::List:
    return "[" + join(operands) + "]";
  case Expr::Kind::Tuple:
    return "(" + join(operands) + ")";
  case Expr::Kind::Unary:
    return "(" + expr.text + (expr.text == "not" ? " " : "") + str(*operands[0]) + ")";
  case Expr::Kind::Binary:
    return between(" " + expr.text + " ");
  case Expr::Kind::Pipe:
    return between(" |> ");
  case Expr::Kind::Range:
    return between("..");
  case Expr::Kind::Call: {
    auto text = [](const Argument &argument) { return str(argument); };
    return str(*operands[0]) + "(" + join(expr.arguments, ", ", text) + ")";
  }
  case Expr::Kind::Index:
    return str(*operands[0]) + "[" + join(operands, 1) + "]";
  case Expr::Kind::Slice: {
    std::string bounds[2];
    for (const Argument &argument : expr.arguments)
      bounds[argument.name->text == "to"] = str(*argument.value);
    return bounds[0] + ":" + bounds[1];
  }
  case Expr::Kind::Member:
    return str(*operands[0]) + "." + expr.text;
  case Expr::Kind::If:
    return "(if " + str(*operands[0]) + " " + str(expr.blocks[0]) +
           (expr.blocks.size() > 1 ? " else " + str(expr.blocks[1]) : "") + ")";
  case Expr::Kind::Loop: {
    auto text = [](const Argument &argument) { return str(argument); };
    auto option = [](const Argument &argument) {
      const std::string &name = argument.name->text;
      bool isPlain = name == "reversed" && argument.value->kind == Expr::Kind::Bool;
      return isPlain ? " " + name : " " + name + " " + str(*argument.value);
    };
    return "(" + expr.text + " " + str(*operands[0]) + " in " + str(*operands[1]) +
           join(expr.options, "", option) + (expr.arguments.empty() ? "" : ", ") +
           join(expr.arguments, ", ", text) + " " + str(expr.blocks[0]) + ")";
  }
  case Expr::Kind::Next:
    return "next " + expr.text;
  }
  return "";
}

/// A statement up to its value or, with blocks, up to the first of them.
std::string head(const Stmt &statement) {
  auto text = [](const Name &name) { return name.text; };
  std::string names = join(statement.names, ", ", text);
  if (statement.isTuple)
    names = "(" + names + ")";
  if (statement.indices)
    names += "[" + join(*statement.indices, ", ", text) + "]";
  if (statement.type)
    names += ": " + str(*statement.type);
  std::string value = statement.value ? str(*statement.value) : "";
  switch (statement.kind) {
  case Stmt::Kind::Let:
    return "let " + names + " = " + value;
  case Stmt::Kind::Var:
    return "var " + names + " = " + value;
  case Stmt::Kind::Assign:
    return names + " = " + value;
  case Stmt::Kind::Write:
    return names + " <- " + value;
  case Stmt::Kind::Next:
    return "next " + names + " = " + value;
  case Stmt::Kind::Yield:
    return "yield " + value;
  case Stmt::Kind::Param:
    return "param " + names + " = " + value;
  case Stmt::Kind::State:
    return "state " + names + " = " + value;
  case Stmt::Kind::If:
    return "if " + value;
  case Stmt::Kind::For:
    return "for " + names + " in " + value;
  case Stmt::Kind::Return:
    return "return " + value;
  case Stmt::Kind::Each:
    return "each " + value;
  case Stmt::Kind::Augment:
    return "augment " + value;
  case Stmt::Kind::Expr:
    return value;
  }
  return "";
}

std::string str(const Stmt &statement) {
  std::string result = head(statement);
  for (size_t i = 0; i < statement.blocks.size(); ++i)
    result += (i > 0 ? " else " : " ") + str(statement.blocks[i]);
  return result;
}

std::string str(const std::vector<Parameter> &parameters) {
  auto text = [](const Parameter &parameter) {
    return parameter.name.text + (parameter.type ? ": " + str(*parameter.type) : "") +
           (parameter.defaultValue ? " = " + str(*parameter.defaultValue) : "") +
           (parameter.repeats ? ", ..." : "");
  };
  return "(" + join(parameters, ", ", text) + ")";
}

void Printer::doc(const std::string &text) {
  for (size_t begin = 0; !text.empty() && begin != std::string::npos;) {
    size_t end = text.find('\n', begin);
    line("/// " + text.substr(begin, end - begin));
    begin = end == std::string::npos ? end : end + 1;
  }
}

void Printer::print(const Block &block) {
  ++depth;
  for (const StmtPtr &statement : block.statements)
    print(*statement);
  --depth;
}

void Printer::print(const Stmt &statement) {
  doc(statement.doc);
  line(head(statement));
  for (size_t i = 0; i < statement.blocks.size(); ++i) {
    if (i > 0)
      line("else");
    print(statement.blocks[i]);
  }
}

void Printer::print(const Item &item) {
  doc(item.doc);
  std::string result = item.result ? " -> " + str(*item.result) : "";
  std::string config = str(item.config), both = config + str(item.inputs);
  switch (item.kind) {
  case Item::Kind::Use:
    line("use " + quote(item.text));
    break;
  case Item::Kind::Const:
    line("const " + item.name.text + (item.result ? ": " + str(*item.result) : "") + " = " +
         str(*item.value));
    return;
  case Item::Kind::Model:
    line("model " + item.name.text + str(item.inputs) + result);
    break;
  case Item::Kind::Layer:
    line("layer " + item.name.text + both + result);
    break;
  case Item::Kind::Function:
    line("fn " + item.name.text + config + result);
    break;
  case Item::Kind::Op:
    line("op " + item.name.text + both + result);
    break;
  case Item::Kind::Loader:
    line("loader " + item.name.text + config);
    break;
  case Item::Kind::Transform:
    line("transform " + item.name.text + config);
    break;
  case Item::Kind::Score:
    line("score " + item.name.text + config);
    break;
  case Item::Kind::Schedule:
    line("schedule " + item.name.text + both);
    break;
  case Item::Kind::Optimizer:
    line("optimizer " + item.name.text + both);
    break;
  case Item::Kind::Data:
    line("data " + item.name.text + config);
    break;
  case Item::Kind::Train:
    line("train " + item.name.text + " on " + item.dataName.text);
    break;
  }
  if (item.value)
    line("  = " + str(*item.value));
  print(item.body);
}

} // namespace

std::string print(const File &file) {
  Printer printer;
  for (const Item &item : file.items)
    printer.print(item);
  return printer.take();
}

} // namespace dlc::lang::ast
