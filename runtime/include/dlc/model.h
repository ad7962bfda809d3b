/* The table a compiled model exports: all that the runtime knows of a network.
 *
 * The compiler fills it in as constant data; the runtime is compiled once and reads nothing else.
 * Every pointer in it is valid for the life of the program. Sizes are in bytes unless they say
 * otherwise; `real` below is float or double, as `precision` says.
 */
#ifndef DLC_MODEL_H
#define DLC_MODEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DLC_MODEL_VERSION 1

/* Every buffer of a call begins at a multiple of so many bytes, and so does every tensor in one: a
 * cache line, and the widest vector. */
#define DLC_ALIGNMENT 64

/* A kernel of less work than this (operations) is run by the thread that calls: it takes a few
 * microseconds, and waking another one costs as much. */
#define DLC_PARALLEL_WORK 32768

/* So many numbers of a text's field stand for no piece of it: padding, what is unknown, and the
 * marks before and behind the text (runtime/data/vocabulary.h). */
#define DLC_TEXT_MARKS 4

typedef enum dlc_dtype { DLC_F32 = 0, DLC_F64 = 1, DLC_I32 = 2 } dlc_dtype;

/* A tensor in row-major order, at `offset` bytes into the buffer it belongs to. */
typedef struct dlc_tensor {
  const char *name;
  int32_t dtype;
  int32_t rank;
  const int64_t *shape;
  int64_t offset;  /* a multiple of DLC_ALIGNMENT; 0 where the tensor is its own buffer */
  int64_t classes; /* of class labels, held as DLC_I32 in [0, classes); else 0 */
  int32_t batched; /* axis 0 is the batch */
} dlc_tensor;

/* How a weight or a state starts. Random numbers: Philox by the run's seed and the tensor's
 * number. */
typedef enum dlc_init_kind {
  DLC_INIT_CONSTANT = 0,   /* every element is a */
  DLC_INIT_UNIFORM = 1,    /* uniform in [a, b) */
  DLC_INIT_NORMAL = 2,     /* mean a, standard deviation b */
  DLC_INIT_ORTHOGONAL = 3, /* rows or columns orthonormal, times a; matrices only */
  DLC_INIT_VALUES = 4      /* the `values`, in row-major order */
} dlc_init_kind;

typedef struct dlc_variable {
  dlc_tensor tensor;
  int32_t init; /* dlc_init_kind */
  double a, b;
  const double *values;
} dlc_variable;

/* One part of a kernel's work, items [begin, end) of its fixed division. */
typedef void (*dlc_kernel)(void *const *buffers, int64_t begin, int64_t end);

/* Runs all `count` items of a kernel, on as many threads as it likes, and returns when all are
 * done. The division into items depends on the problem only, so the result's bits do not depend
 * on the threads. `work` is a rough count of floating-point operations (or moved elements) in
 * all, at least DLC_PARALLEL_WORK. */
typedef void (*dlc_parallel)(void *pool, dlc_kernel kernel, void *const *buffers, int64_t count,
                             int64_t work);

/* The simplest `parallel`: all items, one after the other, on the calling thread. */
static inline void dlc_serial(void *pool, dlc_kernel kernel, void *const *buffers, int64_t count,
                              int64_t work) {
  (void)pool, (void)work;
  kernel(buffers, 0, count);
}

/* The buffers of one call. All are aligned to DLC_ALIGNMENT bytes and owned by the caller. */
typedef struct dlc_call {
  void *weights;        /* real[weight_bytes / sizeof(real)], gaps between tensors are zero */
  void *gradients;      /* the same layout */
  void *state;          /* state_bytes: what the model keeps, BatchNorm's means and the like */
  void *arena;          /* arena_bytes of scratch, no contents kept between calls */
  void *const *inputs;  /* one for each of dlc_model.inputs */
  void *const *outputs; /* one for each of dlc_model.outputs */
  const void *sample_weights; /* real[batch]: each sample's share of loss and metrics, 0 for
                                 padding; they add up to 1 over a whole optimizer step */
  void *results;              /* real[1 + metric_count]: the loss, then each metric */
  uint64_t seed, step;        /* of the random numbers */
  dlc_parallel parallel;
  void *pool;
} dlc_call;

/* One optimizer step over all weights at once. */
typedef struct dlc_update {
  void *weights;          /* read and written */
  const void *gradients;  /* of the whole batch */
  void *const *slots;     /* slot_count buffers of weight_bytes each, zero before the first step */
  const double *settings; /* one value for each of dlc_model.settings */
  double step;            /* 1 at the first update */
  double total_steps;     /* of the whole training */
  void *arena;
  double *rate; /* receives the learning rate used */
  dlc_parallel parallel;
  void *pool;
} dlc_update;

/* A named argument of a loader or a transform. */
typedef enum dlc_argument_kind { DLC_NUMBERS = 0, DLC_TEXT = 1 } dlc_argument_kind;
typedef struct dlc_argument {
  const char *name;
  int32_t kind;
  int64_t count;         /* of numbers; a scalar has 1, a bool is 0 or 1, nested lists are flat */
  const double *numbers; /* null for text */
  const char *text;      /* null for numbers; several strings are joined by '\n' */
} dlc_argument;

/* Where a split's samples come from: `train = idx("a.gz", "b.gz")`. */
typedef struct dlc_source {
  const char *split;  /* "train", "test", "validation" */
  const char *loader; /* a name declared in stdlib/data.nn */
  int32_t argument_count;
  const dlc_argument *arguments; /* in the order of the declaration, defaults filled in */
} dlc_source;

/* What is done to one field of each sample, in order. */
typedef struct dlc_transform {
  const char *field;
  const char *name; /* a name declared in stdlib/data.nn */
  int32_t training_only;
  int32_t argument_count;
  const dlc_argument *arguments;
} dlc_transform;

/* A number the user may change with --set: an optimizer's hyperparameter or a schedule's. */
typedef struct dlc_setting {
  const char *name; /* "lr", "lr.warmup", "beta1" */
  double value;
} dlc_setting;

/* What is said of all answers of a split: `bleu(answer, german)`. */
typedef struct dlc_score {
  const char *name;     /* "bleu"; "bleu_2" where there are two */
  const char *function; /* a name declared in stdlib/metric.nn */
  int32_t output, field;
} dlc_score;

/* A value of the training step, for `step --explain`; the table is empty for large networks. */
typedef enum dlc_value_kind {
  DLC_VALUE_INPUT = 0,
  DLC_VALUE_WEIGHT = 1,
  DLC_VALUE_FORWARD = 2,
  DLC_VALUE_LOSS = 3,
  DLC_VALUE_GRADIENT = 4, /* of a value inside the network: a delta */
  DLC_VALUE_WEIGHT_GRADIENT = 5
} dlc_value_kind;
typedef struct dlc_value {
  dlc_tensor tensor;   /* its offset is into the trace */
  int32_t kind;        /* dlc_value_kind */
  const char *formula; /* how it follows from values named before: "sigmoid(z)" */
} dlc_value;

typedef struct dlc_model {
  uint32_t version;  /* DLC_MODEL_VERSION */
  int32_t precision; /* DLC_F32 or DLC_F64: what `real` is */
  const char *name;
  const char *summary;  /* the model's doc comment */
  const char *compiler; /* its version */
  const char *target;   /* processor the kernels are for; "multi": several, one chosen as it runs */
  const char *options;  /* as given to the compiler */

  int64_t batch;       /* samples a call takes; fewer are padded and get sample weight 0 */
  int32_t input_count; /* the model's inputs, then what only the loss needs */
  int32_t model_input_count;
  const dlc_tensor *inputs;
  const int32_t *infer_needs; /* of each of the model's inputs: 0 where infer does not read it */
  int32_t output_count;
  const dlc_tensor *outputs;
  int32_t weight_count;
  const dlc_variable *weights;
  int32_t state_count;
  const dlc_variable *states;
  int32_t metric_count;
  const char *const *metrics;
  int32_t score_count;
  const dlc_score *scores;
  int64_t weight_bytes, state_bytes;
  int64_t step_arena_bytes, evaluate_arena_bytes, infer_arena_bytes, infer_one_arena_bytes,
      update_arena_bytes;
  int64_t step_flops, infer_flops; /* multiplications and additions of one call, nominal */

  void (*step)(const dlc_call *);     /* training mode: results, outputs, gradients, new state */
  void (*evaluate)(const dlc_call *); /* inference mode: results, outputs */
  void (*infer)(const dlc_call *);    /* inference mode: outputs; reads what infer_needs says */
  /* as infer, with buffers of one sample; null where a call takes one anyway */
  void (*infer_one)(const dlc_call *);
  void (*update)(const dlc_update *); /* null without a train block */

  /* the data block; field_count is 0 without one */
  const char *data_name;
  const char *data_folder; /* where its files are unless --data says otherwise; "" is here */
  int32_t field_count;
  const dlc_tensor *fields; /* of one sample, unbatched */
  int32_t source_count;
  const dlc_source *sources;
  int32_t transform_count;
  const dlc_transform *transforms;

  /* the train block */
  int64_t train_batch; /* samples an optimizer step; 0 means all of them */
  int64_t epochs;
  int64_t steps;    /* at most so many steps; 0 means no such limit */
  int64_t patience; /* ends after so many epochs without a better evaluation; 0 means never */
  uint64_t train_seed;
  int32_t shuffle;
  int32_t bucket;          /* the field by whose lengths samples of a step are alike; -1: by none */
  int64_t threads_default; /* threads used unless --threads is given; 0: the cores allowed */
  const char *optimizer;
  int32_t slot_count;
  const char *const *slot_names;
  int32_t setting_count;
  const dlc_setting *settings;

  /* step --explain */
  int32_t value_count;
  const dlc_value *values;
  int64_t trace_bytes;
  int64_t explain_arena_bytes;
  void (*explain)(const dlc_call *, void *trace); /* null where value_count is 0 */
} dlc_model;

/* The one symbol a compiled model exports. */
extern const dlc_model dlc_the_model;

/* The command line of a compiled program: all of `train`, `eval`, `predict`, … */
int dlc_main(const dlc_model *model, int argc, char **argv);

#ifdef __cplusplus
}
#endif
#endif
