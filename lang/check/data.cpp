// Checks a `data` block: its fields, where its samples come from and what is done to them.
#include "lang/check/argument.h"
#include "lang/check/block.h"
#include "lang/check/expression.h"
#include "lang/check/tensor_type.h"
#include "runtime/include/dlc/model.h"

#include <algorithm>
#include <limits>
#include <set>

namespace dlc::lang {

using ast::Expr;
using ast::Item;
using ast::Stmt;

namespace {

std::string unknown(Space space) {
  if (space == Space::Loader)
    return "unknown-loader";
  return "unknown-transform";
}

/// Whether a transform makes numbers of files.
bool isFileReader(const std::string &transform) {
  return transform == "picture" || transform == "sound";
}

class DataBlock {
public:
  DataBlock(const Item &block, Context &context)
      : block(block), context(context), report(context.report),
        unfolding(context, Purpose::Static, false), environment(unfolding, false) {}

  std::optional<Data> check() {
    int errorsBefore = report.count();
    data.name = block.name.text;
    for (const ast::Parameter &field : block.config)
      addField(field);
    for (const auto &[key, stmt] :
         readKeys(block, {"train", "test", "validation", "folder"}, report))
      stmts.push_back(stmt);
    std::sort(stmts.begin(), stmts.end(),
              [](const Stmt *a, const Stmt *b) { return a->range.begin < b->range.begin; });
    for (const Stmt *stmt : stmts)
      addKey(*stmt);
    checkShares();
    for (const ast::StmtPtr &stmt : block.body.statements)
      if (stmt->kind == Stmt::Kind::Each || stmt->kind == Stmt::Kind::Augment)
        addTransforms(*stmt);
    if (report.count() == errorsBefore)
      for (const Stmt *stmt : stmts)
        checkFields(*stmt);
    if (report.count() != errorsBefore)
      return std::nullopt;
    return std::move(data);
  }

private:
  void addField(const ast::Parameter &field) {
    const std::string &name = field.name.text;
    for (const Port &other : data.fields)
      if (other.name == name) {
        report
            .error("duplicate-name", field.name.range,
                   "the field " + quoted(name) + " is defined twice")
            .notes.push_back({other.range, "it was defined here"});
        return;
      }
    if (!field.type) {
      report.error("missing-type", field.name.range,
                   "the field " + quoted(name) + " needs a type: " +
                       quoted(name + ": f32[28, 28]") + " or " + quoted(name + ": class[10]"));
      return;
    }
    const ast::Type &written = *field.type;
    if (const std::string &word = written.name.text; !written.hasShape && !word.empty()) {
      bool isClass = word == "class", isText = word == "string" || word == "text";
      Diagnostic &error =
          report.error("unknown-type", written.range,
                       quoted(word) + " is no type of a field: it needs " +
                           (isClass ? "its number of classes" : "the shape of one sample"));
      const std::string element = word == "int" ? "int" : "f32";
      if (isClass)
        error.help.push_back("ten names or numbers of classes: " + quoted(name + ": class[10]"));
      else if (isText)
        error.help.push_back(
            "a text is numbers below 4000, 24 of them: " + quoted(name + ": class[4000, 24]") +
            " and " + quoted("each " + name + " |> words"));
      else
        error.help.push_back("one number a sample: " + quoted(name + ": " + element + "[]") +
                             ", for a model's input " + quoted(name + ": " + element + "[B]") +
                             "; several: " + quoted(name + ": " + element + "[28, 28]"));
      return;
    }
    auto type = tensorType(written, environment);
    if (!type)
      return;
    if (type->element == Element::Double || type->element == Element::Bool) {
      report.error("field-type", field.type->range,
                   "a field is of f32, int or class numbers, found " + str(*type));
      return;
    }
    data.fields.push_back({name, *type, field.name.range});
  }

  void addKey(const Stmt &stmt) {
    const std::string &key = stmt.names[0].text;
    if (key == "folder") {
      Value value = evaluate(*stmt.value, environment);
      if (const std::string *folder = value.as<std::string>())
        data.folder = *folder;
      else if (!value.isPoison())
        report.error("argument-type", stmt.value->range,
                     "`folder` must be a string, found " + kindOf(value));
      return;
    }
    const Expr &call = *stmt.value;
    const Item *loader = find(Space::Loader, "loader", call);
    if (!loader)
      return;
    auto arguments = evaluateArguments(*loader, call);
    if (loader->name.text == "split")
      shares.push_back(&stmt);
    if (arguments && fits(loader->name.text, *arguments, call))
      data.sources.push_back({key, loader->name.text, std::move(*arguments)});
  }

  void addTransforms(const Stmt &stmt) {
    if (!stmt.value || stmt.names.empty())
      return;
    std::vector<const Expr *> steps; // last first
    const Expr *source = stmt.value.get();
    for (; source->kind == Expr::Kind::Pipe; source = source->operands[0].get())
      steps.push_back(source->operands[1].get());
    auto field = std::find_if(data.fields.begin(), data.fields.end(),
                              [&](const Port &port) { return port.name == stmt.names[0].text; });
    if (field == data.fields.end()) {
      Diagnostic &error =
          report.error("unknown-field", stmt.names[0].range,
                       quoted(block.name.text) + " has no field " + quoted(stmt.names[0].text));
      std::vector<std::string> names;
      for (const Port &port : data.fields)
        names.push_back(port.name);
      suggest(error, stmt.names[0].text, names);
      return;
    }
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      const Item *transform = find(Space::Transform, "transform", **step);
      if (!transform)
        continue;
      auto arguments = evaluateArguments(*transform, **step);
      if (!arguments)
        continue;
      bool fitting = isTokenizer(transform->name.text)
                         ? tokenizerFits(stmt, **step, *transform, *field, *arguments)
                     : isFileReader(transform->name.text)
                         ? readerFits(stmt, **step, *transform, *field, *arguments)
                         : transformFits(stmt, **step, *transform, *field, *arguments);
      if (!fitting)
        return;
      data.transforms.push_back({field->name, transform->name.text,
                                 stmt.kind == Stmt::Kind::Augment, std::move(*arguments)});
    }
  }

  bool transformFits(const Stmt &stmt, const Expr &step, const Item &transform, const Port &field,
                     const std::vector<DataArgument> &arguments) {
    const std::string &name = transform.name.text;
    auto fail = [&](const std::string &what) {
      report
          .error("field-type", stmt.names[0].range,
                 quoted(name) + " works on " + what + ", found " + str(field.type))
          .notes.push_back({field.range, "declared here"});
      return false;
    };
    if (field.type.element != Element::Real)
      return fail("f32 numbers");
    static const std::set<std::string> kOfImages = {"cutout", "random_crop", "random_flip",
                                                    "random_resized_crop", "rotate"};
    size_t rank = field.type.shape.size();
    if (kOfImages.count(name) && rank < 2)
      return fail("images, such as f32[3, 28, 28]");
    if (name == "speed" && rank != 1)
      return fail("sounds, such as f32[16000]");
    return settingsFit(step, name, arguments);
  }

  static constexpr const char *kSpeeds =
      "`least` is at least 0.1, `most` at most 10, and `least` not above `most`";

  /// Whether the numbers that a transform is given make sense.
  bool settingsFit(const Expr &step, const std::string &name,
                   const std::vector<DataArgument> &arguments) {
    auto number = [&](size_t i) {
      return std::get<std::vector<double>>(arguments[i].value).front();
    };
    struct Rule {
      const char *transform;
      size_t argument;
      double least, most;
      const char *wanted;
    };
    constexpr double kAny = std::numeric_limits<double>::infinity();
    constexpr double kAboveZero = std::numeric_limits<double>::denorm_min();
    static constexpr Rule kRules[] = {
        {"cutout", 0, 1, kAny, "`size` is at least 1 pixel"},
        {"noise", 0, 0, kAny, "`deviation` is at least 0"},
        {"random_crop", 0, 0, kAny, "`pad` is at least 0"},
        {"random_flip", 0, 0, 1, "`probability` lies between 0 and 1"},
        {"random_resized_crop", 0, kAboveZero, 1,
         "`least` is a part of the area, above 0 and at most 1"},
        {"rotate", 0, 0, 180, "`degrees` lies between 0 and 180"},
        {"speed", 0, 0.1, 10, kSpeeds},
        {"speed", 1, 0.1, 10, kSpeeds},
    };
    const char *wanted = nullptr;
    for (const Rule &rule : kRules)
      if (name == rule.transform &&
          (number(rule.argument) < rule.least || number(rule.argument) > rule.most))
        wanted = rule.wanted;
    if (name == "speed" && number(0) > number(1))
      wanted = kSpeeds;
    if (wanted)
      report.error("setting-value", step.range, "of " + quoted(name) + ", " + wanted);
    return !wanted;
  }

  /// A tokenizer makes the numbers of its field from texts: nothing else does, and the field has
  /// room for its vocabulary.
  bool tokenizerFits(const Stmt &stmt, const Expr &step, const Item &tokenizer, const Port &field,
                     const std::vector<DataArgument> &arguments) {
    const std::string &name = tokenizer.name.text;
    auto fail = [&](const std::string &message) {
      report.error("field-type", step.range, message)
          .notes.push_back({field.range, "the field is declared here"});
      return false;
    };
    if (field.type.classes == 0 || field.type.shape.size() != 1)
      return fail(quoted(name) + " makes numbers of texts for a field such as " +
                  quoted(field.name + ": class[4000, 24]") + ", 24 numbers below 4000; found " +
                  str(field.type));
    auto isAny = [](const std::string &) { return true; };
    if (hasTransform(field, isAny) || stmt.kind == Stmt::Kind::Augment)
      return fail(quoted(name) + " must be the only transform of its field, by " +
                  quoted("each " + field.name + " |> " + name));
    int64_t room = DLC_TEXT_MARKS + (name == "bytes" ? 256 : 1);
    if (field.type.classes < room)
      return fail(quoted(name) + " needs at least " + std::to_string(room) + " classes, found " +
                  std::to_string(field.type.classes));
    const auto *marks = std::get_if<std::vector<double>>(&arguments[0].value);
    if (marks && !marks->empty() && marks->front() != 0 &&
        field.type.shape[0].constant().value_or(0) < 3)
      return fail("the marks before and behind a text leave no room in a field of " +
                  str(field.type.shape[0]));
    for (const DataSource &source : data.sources)
      if (source.loader != "csv" && source.loader != "lines" && source.loader != "split")
        return fail(quoted(name) + " needs texts, and the loader " + quoted(source.loader) +
                    " of " + quoted(source.split) + " reads none; `csv` and `lines` do");
    return true;
  }

  /// `picture` and `sound` make the numbers of their field from files, before any other transform.
  bool readerFits(const Stmt &stmt, const Expr &step, const Item &reader, const Port &field,
                  const std::vector<DataArgument> &arguments) {
    const std::string &name = reader.name.text;
    bool isSound = name == "sound";
    auto fail = [&](const std::string &message) {
      report.error("field-type", step.range, message)
          .notes.push_back({field.range, "the field is declared here"});
      return false;
    };
    const auto &shape = field.type.shape;
    bool fits = field.type.element == Element::Real;
    if (isSound)
      fits = fits && shape.size() == 1;
    else
      fits = fits && shape.size() == 3 && (shape[0] == Dim(1) || shape[0] == Dim(3));
    if (!fits)
      return fail(quoted(name) + " makes numbers of files for a field such as " +
                  quoted(field.name + (isSound ? ": f32[32000]" : ": f32[3, 224, 224]")) +
                  (isSound ? "" : ", with 3 channels or 1") + "; found " + str(field.type));
    auto isAny = [](const std::string &) { return true; };
    if (hasTransform(field, isAny) || stmt.kind == Stmt::Kind::Augment)
      return fail(quoted(name) + " must be the first transform of its field, by " +
                  quoted("each " + field.name + " |> " + name + (isSound ? "(…)" : "")));
    constexpr double kMostRate = 1000000;
    if (isSound) {
      double rate = std::get<std::vector<double>>(arguments[0].value).front();
      if (rate < 1 || rate > kMostRate) {
        report.error("setting-value", step.range,
                     "`rate` counts numbers a second, from 1 to 1000000");
        return false;
      }
    }
    for (const DataSource &source : data.sources)
      if (source.loader != "csv" && source.loader != "folders" && source.loader != "split")
        return fail(quoted(name) + " needs files, and the loader " + quoted(source.loader) +
                    " of " + quoted(source.split) + " names none; `csv` and `folders` do");
    return true;
  }

  template <typename Test> bool hasTransform(const Port &field, Test isSuch) const {
    return std::any_of(data.transforms.begin(), data.transforms.end(),
                       [&](const DataTransform &transform) {
                         return transform.field == field.name && isSuch(transform.name);
                       });
  }

  /// What a loader reads suits the fields, whose transforms are known now.
  void checkFields(const Stmt &stmt) {
    const std::string &key = stmt.names[0].text;
    auto source = std::find_if(data.sources.begin(), data.sources.end(),
                               [&](const DataSource &known) { return known.split == key; });
    if (source != data.sources.end() && source->loader == "folders")
      checkFolders(stmt);
    if (source != data.sources.end() && source->loader == "lines")
      checkLines(stmt);
  }

  /// Lines are texts or classes.
  void checkLines(const Stmt &stmt) {
    for (const Port &field : data.fields) {
      if (hasTransform(field, isTokenizer) || (field.type.classes > 0 && field.type.shape.empty()))
        continue;
      report
          .error("field-type", stmt.value->focus,
                 "the lines that `lines` reads are texts, by `each " + field.name +
                     " |> words` and the like, or classes, such as `class[10]`; found " +
                     quoted(field.name) + ": " + str(field.type))
          .notes.push_back({field.range, "the field is declared here"});
    }
  }

  /// `folders` has a file and a label for each sample.
  void checkFolders(const Stmt &stmt) {
    auto count = [&](auto isSuch) {
      return std::count_if(data.fields.begin(), data.fields.end(), isSuch);
    };
    auto labels =
        count([](const Port &field) { return field.type.classes > 0 && field.type.shape.empty(); });
    auto files = count([&](const Port &field) { return hasTransform(field, isFileReader); });
    if (data.fields.size() != 2 || labels != 1 || files != 1)
      report.error("field-count", stmt.value->focus,
                   "`folders` is for two fields: one of files, with `picture` or `sound`, and "
                   "one of labels, such as `label: class[10]`");
  }

  const Item *find(Space space, const std::string &what, const Expr &expr) {
    const std::string id = unknown(space);
    bool isCall = expr.kind == Expr::Kind::Call && expr.operands[0]->kind == Expr::Kind::Name;
    const Expr *callee = isCall                          ? expr.operands[0].get()
                         : expr.kind == Expr::Kind::Name ? &expr
                                                         : nullptr;
    if (!callee) {
      Diagnostic &error =
          report.error(id, expr.range, "a " + what + " must be called by its name here");
      if (expr.kind == Expr::Kind::String)
        error.help.push_back("a table is read by `csv(\"…\")`, arrays by `npy([\"…\"])`");
      return nullptr;
    }
    const Item *item = context.program.find(space, callee->text, false);
    if (!item) {
      Diagnostic &error =
          report.error(id, callee->range, "there is no " + what + " " + quoted(callee->text));
      std::vector<std::string> names = context.program.names(space, false);
      std::string all;
      for (const std::string &name : names)
        all += (all.empty() ? "" : ", ") + name;
      if (!suggest(error, callee->text, names))
        error.help.push_back("the " + what + "s are " + all);
    }
    return item;
  }

  std::optional<std::vector<DataArgument>> evaluateArguments(const Item &item, const Expr &expr) {
    static const std::vector<ast::Argument> kNone;
    Environment values(unfolding, true);
    auto given = lang::given(expr.kind == Expr::Kind::Call ? expr.arguments : kNone);
    if (!bindConfiguration(item, given, expr.focus, environment, values))
      return std::nullopt;
    std::vector<DataArgument> arguments;
    for (const ast::Parameter &parameter : item.config) {
      const Value &value = values.findHere(parameter.name.text)->value;
      arguments.push_back({parameter.name.text, {}});
      if (auto list = numbers(value)) {
        arguments.back().value = std::move(*list);
      } else if (const List *texts = value.as<List>()) {
        std::string lines;
        for (const Value &text : texts->elements)
          lines += (lines.empty() ? "" : "\n") + *text.as<std::string>();
        arguments.back().value = lines;
      } else if (const std::string *text = value.as<std::string>()) {
        arguments.back().value = *text;
      }
    }
    return arguments;
  }

  /// Whether what a loader reads can fill the fields: one entry a loader that asks for more than
  /// its declaration says.
  bool fits(const std::string &loader, const std::vector<DataArgument> &arguments,
            const Expr &call) {
    struct Rule {
      const char *loader;
      bool (DataBlock::*fits)(const std::vector<DataArgument> &arguments, const Expr &call);
    };
    static constexpr Rule kRules[] = {
        {"csv", &DataBlock::csvFits},  {"idx", &DataBlock::idxFits},
        {"npy", &DataBlock::listFits}, {"lines", &DataBlock::listFits},
        {"rows", &DataBlock::rowsFit}, {"split", &DataBlock::shareFits},
    };
    for (const Rule &rule : kRules)
      if (loader == rule.loader)
        return (this->*rule.fits)(arguments, call);
    return true;
  }

  /// Where an argument is written, else where its loader is called.
  static Range placeOf(const Expr &call, const std::string &name, size_t position) {
    for (size_t i = 0; i < call.arguments.size(); ++i) {
      const ast::Argument &argument = call.arguments[i];
      if (argument.name ? argument.name->text == name : i == position)
        return argument.value->range;
    }
    return call.focus;
  }

  bool refuse(Range range, const std::string &message, const std::string &help = "") {
    Diagnostic &error = report.error("loader-argument", range, message);
    if (!help.empty())
      error.help.push_back(help);
    return false;
  }

  bool csvFits(const std::vector<DataArgument> &arguments, const Expr &call) {
    const std::string &separator = std::get<std::string>(arguments[2].value);
    if (separator.size() != 1 || separator == "\"" || separator == "\n" || separator == "\r")
      return refuse(placeOf(call, "separator", 2),
                    "the separator of `csv` is one character of ASCII between cells, such as "
                    "`\",\"`, `\";\"` or `\"\\t\"`");
    if (auto *missing = std::get_if<std::vector<double>>(&arguments[4].value);
        missing && missing->size() > 1)
      return refuse(placeOf(call, "missing", 4),
                    "`missing` is one number for all empty cells, found " +
                        std::to_string(missing->size()));
    auto *lines = std::get_if<std::string>(&arguments[3].value);
    if (!lines)
      return true;
    std::vector<std::string> names;
    for (size_t begin = 0, end = 0; end != lines->npos; begin = end + 1) {
      end = lines->find('\n', begin);
      names.push_back(lines->substr(begin, end == lines->npos ? end : end - begin));
    }
    Range range = placeOf(call, "columns", 3);
    for (size_t i = 0; i < names.size(); ++i)
      if (std::find(names.begin(), names.begin() + static_cast<int64_t>(i), names[i]) !=
          names.begin() + static_cast<int64_t>(i))
        return refuse(range, "`columns` names " + quoted(names[i]) + " twice");
    int64_t needed = 0;
    std::string what;
    for (const Port &field : data.fields) {
      int64_t columns = columnsOf(field);
      needed += columns;
      what += (what.empty() ? "" : ", ") + field.name +
              (columns == 1 ? "" : " (" + std::to_string(columns) + ")");
    }
    if (static_cast<int64_t>(names.size()) == needed)
      return true;
    if (names.size() == 1 && names[0].find_first_of(",;|") != std::string::npos)
      return refuse(range, "`columns` is one string that looks like several names",
                    "each column is a string of its own: `columns = [\"a\", \"b\"]`");
    return refuse(range,
                  "`columns` names " + std::to_string(names.size()) + ", but the fields need " +
                      std::to_string(needed),
                  "one name for each number, text, class or file, in the order of the fields: " +
                      what);
  }

  /// How many columns of a table hold a field: a text, a class and a file are one, whatever becomes
  /// of them.
  int64_t columnsOf(const Port &field) const {
    for (const ast::StmtPtr &stmt : block.body.statements) {
      if (stmt->kind != Stmt::Kind::Each || !stmt->value || stmt->names.size() != 1 ||
          stmt->names[0].text != field.name)
        continue;
      for (const Expr *step = stmt->value.get(); step->kind == Expr::Kind::Pipe;
           step = step->operands[0].get()) {
        const Expr *transform = step->operands[1].get();
        if (transform->kind == Expr::Kind::Call)
          transform = transform->operands[0].get();
        if (transform->kind == Expr::Kind::Name &&
            (isTokenizer(transform->text) || isFileReader(transform->text)))
          return 1;
      }
    }
    return size(field.type.shape).constant().value_or(1);
  }

  bool shareFits(const std::vector<DataArgument> &arguments, const Expr &call) {
    auto *share = std::get_if<std::vector<double>>(&arguments[0].value);
    double number = share && share->size() == 1 ? share->front() : 0;
    if (number > 0 && number < 1)
      return true;
    return refuse(placeOf(call, "share", 0),
                  "`split` takes a share between 0 and 1 of the training split, such as 0.1");
  }

  /// Shares are taken of a training split that a loader reads; together they leave some of it, and
  /// groups are of columns with names.
  void checkShares() {
    const DataSource *train = nullptr;
    double sum = 0;
    std::string by;
    for (const DataSource &source : data.sources)
      if (source.split == "train")
        train = &source;
    for (const Stmt *stmt : shares) {
      const std::string &key = stmt->names[0].text;
      const Expr &call = *stmt->value;
      auto source = std::find_if(data.sources.begin(), data.sources.end(),
                                 [&](const DataSource &known) { return known.split == key; });
      if (source == data.sources.end())
        continue; // said already
      if (key == "train") {
        refuse(call.range, "`train` cannot be a share of itself",
               "`train` names all samples, `test = split(0.1)` takes a tenth of them");
        continue;
      }
      if (!train) {
        if (readsTrain())
          continue; // said already
        refuse(call.range, "there is no `train` that " + quoted(key) + " could be a share of");
        continue;
      }
      sum += std::get<std::vector<double>>(source->arguments[0].value).front();
      if (sum >= 1)
        refuse(placeOf(call, "share", 0), "the shares of `test` and `validation` leave nothing to "
                                          "train on: together they must be below 1");
      const std::string &column = std::get<std::string>(source->arguments[1].value);
      Range place = placeOf(call, "by", 1);
      if (stmt != shares.front() && column != by)
        refuse(place, "`test` and `validation` must be taken by the same column, so that neither "
                      "shares a group with `train`");
      by = column;
      if (column.empty())
        continue;
      bool isNamed = train->loader == "csv" &&
                     (std::get<std::vector<double>>(train->arguments[1].value).front() != 0 ||
                      std::holds_alternative<std::string>(train->arguments[3].value));
      if (!isNamed)
        refuse(place, "`by` is a column's name in the first line of the training split's table: it "
                      "needs `csv` with `columns` or `header = true`");
    }
  }

  bool readsTrain() const {
    return std::any_of(stmts.begin(), stmts.end(),
                       [](const Stmt *stmt) { return stmt->names[0].text == "train"; });
  }

  bool idxFits(const std::vector<DataArgument> &, const Expr &call) {
    if (data.fields.size() == 2)
      return true;
    report.error("field-count", call.focus,
                 "`idx` reads two files for two fields, " + quoted(block.name.text) + " has " +
                     std::to_string(data.fields.size()));
    return false;
  }

  /// `npy` and `lines` have a file for each field.
  bool listFits(const std::vector<DataArgument> &arguments, const Expr &call) {
    const std::string &files = std::get<std::string>(arguments[0].value);
    size_t count = static_cast<size_t>(std::count(files.begin(), files.end(), '\n')) + 1;
    if (count == data.fields.size())
      return true;
    report.error("field-count", call.focus,
                 quoted(call.operands[0]->text) + " needs one file for each field, found " +
                     std::to_string(count) + " for " + std::to_string(data.fields.size()));
    return false;
  }

  bool rowsFit(const std::vector<DataArgument> &, const Expr &call) {
    const Expr &rows = *call.arguments[0].value;
    int64_t width = 0;
    for (const Port &field : data.fields)
      width += size(field.type.shape).constant().value_or(0);
    Value value = evaluate(rows, environment, Wanted::Float);
    const List *list = value.as<List>();
    if (!list || list->elements.empty()) {
      report.error("row-length", rows.range, "`rows` needs a list of rows");
      return false;
    }
    for (size_t i = 0; i < list->elements.size(); ++i) {
      auto row = numbers(list->elements[i]);
      if (list->elements[i].is<List>() && row && static_cast<int64_t>(row->size()) == width)
        continue;
      Range range = rows.kind == Expr::Kind::List && i < rows.operands.size()
                        ? rows.operands[i]->range
                        : rows.range;
      report.error("row-length", range,
                   "a row must have the " + std::to_string(width) +
                       " numbers of all fields, found " +
                       (list->elements[i].is<List>() ? std::to_string(row ? row->size() : 0)
                                                     : kindOf(list->elements[i])));
      return false;
    }
    return true;
  }

  const Item &block;
  Context &context;
  Report &report;
  Unfolding unfolding;
  Environment environment;
  std::vector<const Stmt *> stmts;
  std::vector<const Stmt *> shares; // those that call `split`
  Data data;
};

} // namespace

bool isTokenizer(const std::string &transform) {
  return transform == "bytes" || transform == "characters" || transform == "subwords" ||
         transform == "words";
}

/// What a key that other tools have is here; "" for all others.
static std::string foreignKey(const std::string &key, Item::Kind block) {
  static const struct {
    const char *key;
    bool isOfData;
    const char *help;
  } kForeign[] = {
      {"batch_size", false, "it is `batch` here"},
      {"early_stopping", false, "`patience = 5` ends after 5 epochs without a better evaluation"},
      {"learning_rate", false, "it is an argument of the optimizer: `adam(lr = 1e-3)`"},
      {"lr", false, "it is an argument of the optimizer: `adam(lr = 1e-3)`"},
      {"scheduler", false, "it is an argument of the optimizer: `adam(lr = cosine(1e-3))`"},
      {"weight_decay", false, "it is an argument of the optimizer: `adamw(weight_decay = 0.01)`"},
      {"dev", true, "it is `validation` here"},
      {"val", true, "it is `validation` here"},
      {"valid", true, "it is `validation` here"},
  };
  for (const auto &foreign : kForeign)
    if (key == foreign.key && foreign.isOfData == (block == Item::Kind::Data))
      return foreign.help;
  return "";
}

Keys readKeys(const Item &block, const std::vector<std::string> &known, Report &report) {
  Keys keys;
  for (const ast::StmtPtr &stmt : block.body.statements) {
    if (stmt->kind == Stmt::Kind::Each || stmt->kind == Stmt::Kind::Augment) {
      if (block.kind != Item::Kind::Data)
        report.error("misplaced-statement", stmt->range, "transforms stand in a `data` block");
      continue;
    }
    if (stmt->kind != Stmt::Kind::Assign || stmt->names.size() != 1) {
      report.error("misplaced-statement", stmt->range,
                   "a " + quoted(block.kind == Item::Kind::Data ? "data" : "train") +
                       " block consists of `key = value`");
      continue;
    }
    const ast::Name &key = stmt->names[0];
    if (std::find(known.begin(), known.end(), key.text) == known.end()) {
      Diagnostic &error =
          report.error("unknown-key", key.range, "there is no key " + quoted(key.text) + " here");
      std::string all;
      for (const std::string &name : known)
        all += (all.empty() ? "" : ", ") + name;
      if (std::string other = foreignKey(key.text, block.kind); !other.empty())
        error.help.push_back(other);
      else if (!suggest(error, key.text, known))
        error.help.push_back("the keys are " + all);
      continue;
    }
    auto [entry, isNew] = keys.try_emplace(key.text, stmt.get());
    if (!isNew)
      report.error("duplicate-key", key.range, quoted(key.text) + " stands twice")
          .notes.push_back({entry->second->names[0].range, "it stands here first"});
  }
  return keys;
}

std::optional<Data> checkData(const Item &block, Context &context) {
  return DataBlock(block, context).check();
}

} // namespace dlc::lang
