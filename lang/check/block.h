// The `data` and `train` blocks: keys with values.
#pragma once

#include "lang/check/environment.h"
#include "lang/check/model.h"

namespace dlc::lang {

/// The statements `key = value` of a block by their keys.
using Keys = std::map<std::string, const ast::Stmt *>;

/// Reports keys that are not in `known` or stand twice, and statements that are no keys.
Keys readKeys(const ast::Item &block, const std::vector<std::string> &known, Report &report);

/// Whether a transform makes numbers of texts.
bool isTokenizer(const std::string &transform);

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
  /// Those metrics that are said of a whole split, in order.
  std::vector<Score> scores(const UnfoldedModel &model, const Data &data);
  /// The field by whose lengths samples of a step are alike, by its number; -1 for none.
  int bucket(const Data &data);
  /// The data's fields that loss and metrics use and the model does not take, batched.
  std::vector<Port> extraInputs(const UnfoldedModel &model, const std::optional<Data> &data);
  /// Adds loss and metrics to the model's graph. False after errors.
  bool addLoss(const UnfoldedModel &model, const std::vector<Port> &extra, Unfolding &unfolding,
               Function &function);

private:
  template <typename T>
  void readInt(const char *key, int64_t smallest, T &target, Unfolding &unfolding);
  /// Of both kinds, and those that give a number a sample.
  std::vector<const ast::Expr *> allMetrics() const;
  std::vector<const ast::Expr *> sampleMetrics() const;
  const ast::Item *scoreOf(const ast::Expr &metric) const;
  std::vector<std::string> metricNames() const;
  std::vector<const ast::Expr *> scoreArguments(const ast::Expr &call);
  std::optional<size_t> portOf(const ast::Expr &argument, const std::vector<Port> &ports,
                               const char *id, const std::string &what);
  bool scoreFits(const ast::Expr &call, const Score &score, const UnfoldedModel &model,
                 const Data &data);
  ValueId weightedSum(ValueId perSample, Range range, Unfolding &unfolding,
                      const std::string &name);
  std::optional<ValueId> perSample(const ast::Expr &expr, const std::string &what,
                                   const UnfoldedModel &model, Environment &environment);

  const ast::Item &block;
  Context &context;
  Report &report;
  Keys keys;
  std::vector<Port> unusedFields; // that loss and metrics do not name
};

} // namespace dlc::lang
