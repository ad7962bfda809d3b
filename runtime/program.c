/* The program that a model becomes when nobody else's main is linked. */
#include "dlc/model.h"

int main(int argc, char **argv) { return dlc_main(&dlc_the_model, argc, argv); }
