// Writes a function of `nn` operations, line by line, as text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::tools {

using Sizes = std::vector<int64_t>;

struct Tensor {
  std::string name;
  Sizes shape;
};

int64_t product(const Sizes &sizes);

class FunctionWriter {
public:
  /// The function, whose results are `results`.
  std::string text() const;

protected:
  std::string element, body; // the type of all numbers that are none of indices; the operations
  std::vector<Tensor> arguments, results;
  unsigned values = 0; // that have a number for their name

  static std::string type(const Sizes &shape, const std::string &element);
  std::string type(const Sizes &shape) const;
  static std::string list(const Sizes &sizes);
  Tensor argument(Sizes shape);
  Tensor add(const std::string &operation, const std::string &types, Sizes shape);
  std::string signature(std::initializer_list<Tensor> from, const Sizes &to) const;
};

} // namespace dlc::tools
