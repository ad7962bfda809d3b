# Runs dlc with wrong options and prints what it says; options.test holds it to that.
refused() {
  echo "\$ dlc $*"
  dlc "$@" 2>&1
  echo "exit code $?"
}
refused
refused complie neuron.nn
refused compile
refused compile neuron.nn two.nn
refused run neuron.nn train
refused compile neuron.nn --precison=f64
refused compile neuron.nn --batch
refused compile neuron.nn --batch 0
refused compile neuron.nn -D scale
refused compile neuron.nn --emit=linag
refused compile neuron.nn --target=pdp11
refused compile neuron.nn --memory-budget=lots
refused compile neuron.nn -o neuron.nn
refused compile neuron.nn -o no/such/place
refused compile neuron.nn --memory-budget=100
CC=no-such-driver refused compile neuron.nn
mkdir taken && refused new taken; rmdir taken
refused check missing.nn
echo left: *
