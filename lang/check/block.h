// The `data` and `train` blocks: keys with values.
#pragma once

#include "lang/check/environment.h"
#include "lang/check/model.h"

namespace dlc::lang {

/// The statements `key = value` of a block by their keys.
using Keys = std::map<std::string, const ast::Stmt *>;

/// Reports keys that are not in `known` or stand twice, and statements that are no keys.
Keys readKeys(const ast::Item &block, const std::vector<std::string> &known, Report &report);

/// A checked `data` block; empty after errors.
std::optional<Data> checkData(const ast::Item &block, Context &context);

/// A checked optimizer with its arguments: `adam(lr = 1e-3)`. `clipNorm` bounds the gradient's
/// norm.
std::optional<Update> checkOptimizer(const ast::Expr &expr, std::optional<double> clipNorm,
                                     Context &context);

/// A `train` block: first its static settings, then its loss and metrics in each mode of the model.
class TrainBlock {
public:
  TrainBlock(const ast::Item &block, Context &context);

  /// The settings and the optimizer; empty after errors.
  std::optional<Train> check();
  /// The data's fields that loss and metrics use and the model does not take, batched.
  std::vector<Port> extraInputs(const UnfoldedModel &model, const std::optional<Data> &data);
  /// Adds loss and metrics to the model's graph. False after errors.
  bool addLoss(const UnfoldedModel &model, const std::vector<Port> &extra, Unfolding &unfolding,
               Function &function);

private:
  template <typename T>
  void readInt(const char *key, int64_t smallest, T &target, Unfolding &unfolding);
  std::vector<const ast::Expr *> metricExprs() const;
  ValueId weightedSum(ValueId perSample, Range range, Unfolding &unfolding,
                      const std::string &name);
  std::optional<ValueId> perSample(const ast::Expr &expr, const std::string &what,
                                   const UnfoldedModel &model, Environment &environment);

  const ast::Item &block;
  Context &context;
  Report &report;
  Keys keys;
};

} // namespace dlc::lang
