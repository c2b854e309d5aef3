/* A pretended CUDA runtime and driver: one GPU that is there, and that nothing can be launched on.

   Autograd asks the runtime for devices, streams and events even where all tensors are fake. Everything succeeds and does
   nothing; loaded before torch (LD_PRELOAD), it stands in for libcudart. */
#include <driver_types.h>
#include <stdint.h>
#include <string.h>

#define GIGABYTE ((size_t)1 << 30)
#define DOES_NOTHING(name, ...) \
    cudaError_t name(__VA_ARGS__) { return cudaSuccess; }

DOES_NOTHING(cudaSetDevice, int device)
DOES_NOTHING(cudaStreamQuery, cudaStream_t stream)
DOES_NOTHING(cudaStreamSynchronize, cudaStream_t stream)
DOES_NOTHING(cudaDeviceSynchronize, void)
DOES_NOTHING(cudaStreamWaitEvent, cudaStream_t stream, cudaEvent_t event, unsigned flags)
DOES_NOTHING(cudaEventRecord, cudaEvent_t event, cudaStream_t stream)
DOES_NOTHING(cudaEventQuery, cudaEvent_t event)
DOES_NOTHING(cudaEventSynchronize, cudaEvent_t event)
DOES_NOTHING(cudaEventDestroy, cudaEvent_t event)
DOES_NOTHING(cudaGetLastError, void)
DOES_NOTHING(cudaPeekAtLastError, void)

#define ANSWERS(name, type, value) \
    cudaError_t name(type *answer) { *answer = value; return cudaSuccess; }

ANSWERS(cudaGetDeviceCount, int, 1)
ANSWERS(cudaGetDevice, int, 0)
ANSWERS(cudaDriverGetVersion, int, 13000)
ANSWERS(cudaRuntimeGetVersion, int, 13000)

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest) { *least = 0; *greatest = -5; return cudaSuccess; }
cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer) { *can = 0; return cudaSuccess; }
cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr which, int device) { *value = 1; return cudaSuccess; }
cudaError_t cudaMemGetInfo(size_t *free, size_t *total) { *free = 139 * GIGABYTE; *total = 140 * GIGABYTE; return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t from, cudaEvent_t to) { *milliseconds = 1; return cudaSuccess; }

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus *status) {
    *status = cudaStreamCaptureStatusNone;
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority) {
    static uintptr_t last = 0; /* never looked into; each another one */
    *stream = (cudaStream_t)(last += 64);
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
    *event = (cudaEvent_t)64;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *found, int device) {
    memset(found, 0, sizeof *found);
    strcpy(found->name, "Pretended GPU");
    found->major = 9;
    found->multiProcessorCount = 132;
    found->totalGlobalMem = 140 * GIGABYTE;
    found->sharedMemPerBlock = 48 << 10;
    found->warpSize = 32;
    found->maxThreadsPerBlock = 1024;
    found->maxThreadsPerMultiProcessor = 2048;
    found->l2CacheSize = 60 << 20;
    return cudaSuccess;
}

/* What CUDA 12 calls the same. */
cudaError_t cudaGetDeviceProperties_v2(struct cudaDeviceProp *found, int device) { return cudaGetDeviceProperties(found, device); }

/* Of the driver's library, which torch opens by itself. */
int cuInit(unsigned flags) { return 0; }
int cuDevicePrimaryCtxGetState(int device, unsigned *flags, int *active) { *flags = 0; *active = 0; return 0; }
int cuGetErrorString(int error, const char **words) { *words = "pretended"; return 0; }
