/* Which level of x86-64 the processor has, and the choice of kernels by it.
 *
 * In C and on its own: the library of a model for several levels carries it along, without the rest
 * of the runtime. */
#ifndef DLC_LEVEL_H
#define DLC_LEVEL_H

#ifdef __cplusplus
extern "C" {
#endif

/* 2, 3 or 4 for x86-64-v2, v3, v4, and 1 for an older processor; 0 for one that is no x86-64. A
 * level counts only if the operating system keeps its registers, too. */
int dlc_processor_level(void);

/* The level whose kernels run: the processor's, or a lower one that DLC_LEVEL in the environment
 * names: v2, v3, v4. */
int dlc_level(void);

/* Of one function in its forms for x86-64-v2, v3 and v4 the one for dlc_level(). On a processor
 * below v2 it says so and ends the program with exit code 1. */
void *dlc_choose(void *v2, void *v3, void *v4);

#ifdef __cplusplus
}
#endif
#endif
