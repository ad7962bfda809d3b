// Times single convolutions in oneDNN on one thread, every tensor in the layout oneDNN likes best.
//
// Reads lines `DIRECTION BATCH INPUTS OUTPUTS SIZE KERNEL STRIDE PAD SECONDS` (DIRECTION is
// forward, weights or data) and answers each with the median milliseconds of a run. Bringing
// tensors into those layouts is not in it.
#include <dnnl.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <unordered_map>
#include <vector>

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static memory filled(const memory::desc &desc, const dnnl::engine &engine) {
  memory result(desc, engine);
  auto *numbers = static_cast<float *>(result.get_data_handle());
  for (size_t i = 0; i < desc.get_size() / sizeof(float); ++i)
    numbers[i] = float(i * 2654435761u % 1024) / 1024 - 0.5f; // scattered
  return result;
}

static double medianMilliseconds(const dnnl::primitive &convolution, const Arguments &arguments,
                                 dnnl::engine &engine, double seconds) {
  dnnl::stream stream(engine);
  auto run = [&] {
    convolution.execute(stream, arguments);
    stream.wait();
  };
  for (int i = 0; i < 2; ++i)
    run();
  std::vector<double> times;
  for (double begin = now(); times.size() < 3 || now() - begin < seconds;) {
    double start = now();
    run();
    times.push_back(1e3 * (now() - start));
  }
  std::nth_element(times.begin(), times.begin() + long(times.size() / 2), times.end());
  return times[times.size() / 2];
}

int main() {
  dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  std::string direction;
  memory::dim batch, inputs, outputs, size, kernel, stride, pad;
  double seconds;
  while (std::cin >> direction >> batch >> inputs >> outputs >> size >> kernel >> stride >> pad >>
         seconds) {
    memory::dim result = (size + 2 * pad - kernel) / stride + 1;
    auto any = [](memory::dims dims) {
      return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
    };
    memory::desc x = any({batch, inputs, size, size}), w = any({outputs, inputs, kernel, kernel}),
                 y = any({batch, outputs, result, result});
    memory::dims strides = {stride, stride}, pads = {pad, pad};
    auto algorithm = dnnl::algorithm::convolution_direct;
    dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, x, w, y, strides, pads, pads}, engine);
    double ms;
    if (direction == "forward") {
      ms = medianMilliseconds(dnnl::convolution_forward(forward),
                              {{DNNL_ARG_SRC, filled(forward.src_desc(), engine)},
                               {DNNL_ARG_WEIGHTS, filled(forward.weights_desc(), engine)},
                               {DNNL_ARG_DST, filled(forward.dst_desc(), engine)}},
                              engine, seconds);
    } else if (direction == "weights") {
      dnnl::convolution_backward_weights::primitive_desc backward(
          {algorithm, x, w, y, strides, pads, pads}, engine, forward);
      ms = medianMilliseconds(
          dnnl::convolution_backward_weights(backward),
          {{DNNL_ARG_SRC, filled(backward.src_desc(), engine)},
           {DNNL_ARG_DIFF_DST, filled(backward.diff_dst_desc(), engine)},
           {DNNL_ARG_DIFF_WEIGHTS, filled(backward.diff_weights_desc(), engine)}},
          engine, seconds);
    } else {
      dnnl::convolution_backward_data::primitive_desc backward(
          {algorithm, x, w, y, strides, pads, pads}, engine, forward);
      ms = medianMilliseconds(dnnl::convolution_backward_data(backward),
                              {{DNNL_ARG_DIFF_DST, filled(backward.diff_dst_desc(), engine)},
                               {DNNL_ARG_WEIGHTS, filled(backward.weights_desc(), engine)},
                               {DNNL_ARG_DIFF_SRC, filled(backward.diff_src_desc(), engine)}},
                              engine, seconds);
    }
    std::printf("%.6f\n", ms);
    std::fflush(stdout);
  }
}
