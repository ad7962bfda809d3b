// Unfolds a model: its inputs, its body and its results.
#include "lang/check/model.h"
#include "lang/check/statement.h"
#include "lang/check/tensor_type.h"

namespace dlc::lang {

namespace {

/// The first symbol that is an input's first dimension.
std::string batchOf(const ast::Item &model, Environment &environment) {
  for (const ast::Parameter &input : model.inputs)
    if (input.type && !input.type->shape.empty() && isSymbol(*input.type->shape[0], environment))
      return input.type->shape[0]->text;
  return "";
}

bool declareInputs(const ast::Item &model, Environment &environment, UnfoldedModel &unfolded) {
  Report &report = environment.unfolding.report;
  GraphBuilder &graph = environment.unfolding.graph;
  bool isRight = true;
  unfolded.batchSymbol = graph.batchSymbol = batchOf(model, environment);
  for (const ast::Parameter &input : model.inputs) {
    const std::string &name = input.name.text;
    if (Binding *before = environment.findHere(name);
        before && before->kind == Binding::Kind::Argument) {
      report.error("duplicate-name", input.name.range, quoted(name) + " is already an input")
          .notes.push_back({before->range, "it was defined here"});
      isRight = false;
      continue;
    }
    if (!input.type || !input.type->hasShape) {
      report.error("missing-type", input.name.range,
                   "the input " + quoted(name) +
                       " needs a tensor type: " + quoted(name + ": f32[B, …]"));
      isRight = false;
      continue;
    }
    auto type = declaredInput(*input.type, environment);
    if (!type) {
      isRight = false;
      continue;
    }
    ValueId id = graph.addNode("input", {}, {{"index", int64_t(unfolded.inputs.size())}}, *type,
                               input.name.range);
    graph.nameValue(Tensor{id}, name);
    environment.bind(name, {Binding::Kind::Argument, Tensor{id}, input.name.range});
    unfolded.inputs.push_back({name, *type, input.name.range});
    unfolded.inputValues.push_back(id);
  }
  return isRight;
}

bool declareResults(const ast::Item &model, Environment &environment) {
  Report &report = environment.unfolding.report;
  const ast::Type &results = *model.result;
  if (results.labels.size() != results.elements.size() || results.labels.empty()) {
    report.error(
        "missing-result-name", results.range,
        "a model's results need names: `-> (y: " +
            report.text(results.elements.empty() ? results.range : results.elements[0].range) +
            ")`");
    return false;
  }
  for (const ast::Name &label : results.labels) {
    if (Binding *before = environment.findHere(label.text);
        before && before->kind != Binding::Kind::Dimension) {
      report.error("duplicate-name", label.range, quoted(label.text) + " is already defined here")
          .notes.push_back({before->range, "it was defined here"});
      return false;
    }
    environment.bind(label.text, {Binding::Kind::Result, Nothing{}, label.range});
  }
  return true;
}

bool collectResult(const ast::Name &label, const ast::Type &type, const Binding &binding,
                   Environment &environment, UnfoldedModel &unfolded) {
  Report &report = environment.unfolding.report;
  GraphBuilder &graph = environment.unfolding.graph;
  const Value &value = binding.value;
  if (value.isPoison())
    return false;
  if (value.is<Nothing>()) {
    report.error("result-not-assigned", label.range,
                 "the result " + quoted(label.text) + " is never assigned");
    return false;
  }
  const Tensor *tensor = value.as<Tensor>();
  if (!tensor) {
    report.error("result-type", binding.assigned,
                 "the result " + quoted(label.text) + " must be a tensor, found " + kindOf(value));
    return false;
  }
  auto declared = tensorType(type, environment);
  if (!declared)
    return false;
  const TensorType actual = graph.typeOf(*tensor);
  if (actual.shape != declared->shape || actual.element != declared->element) {
    bool ranksDiffer = actual.shape.size() != declared->shape.size();
    Diagnostic &error = report.error("result-type", binding.assigned,
                                     "the result " + quoted(label.text) + " is declared as " +
                                         str(*declared) + ", found " + str(actual));
    error.notes.push_back({type.range, "declared here"});
    graph.noteOrigin(error, tensor->id, ranksDiffer, binding.assigned);
    return false;
  }
  unfolded.outputs.push_back({label.text, actual, label.range});
  unfolded.outputValues.push_back(tensor->id);
  return true;
}

} // namespace

std::optional<UnfoldedModel> unfoldModel(const ast::Item &model, Unfolding &unfolding) {
  UnfoldedModel unfolded;
  Environment environment(unfolding, false);
  int errorsBefore = unfolding.report.count();
  if (!declareInputs(model, environment, unfolded))
    return std::nullopt;
  if (!model.result || !declareResults(model, environment))
    return std::nullopt;
  Places::enter(unfolding.graph.places.model());
  executeBody(model.body, environment, Body::Model);
  bool isRight = unfolding.report.count() == errorsBefore;
  for (size_t i = 0; i < model.result->labels.size(); ++i) {
    const ast::Name &label = model.result->labels[i];
    const Binding &binding = *environment.findHere(label.text);
    if (binding.value.is<Nothing>() && !isRight)
      continue; // perhaps the statement that assigns it is the one in error
    isRight &= collectResult(label, model.result->elements[i], binding, environment, unfolded);
  }
  if (!isRight)
    return std::nullopt;
  return unfolded;
}

} // namespace dlc::lang
