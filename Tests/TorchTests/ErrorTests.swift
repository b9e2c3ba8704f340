import Foundation
import Testing

@testable import Torch

@Suite("Errors of libtorch become one sentence")
struct ErrorTests {
  @Test("Shapes that do not fit")
  func shapes() throws {
    let a = try counting(2, 3)
    let b = try counting(4, 5)
    let failing: [(String, () throws -> Tensor)] = [
      ("+", { try a + b }), ("matmul", { try a.matmul(b) }), ("linear", { try a.linear(b) }),
      ("addingLinear", { try a.addingLinear(b, a, scale: 1) }),
      ("reshape", { try a.reshape([4, 4]) }), ("permute", { try a.permute([0, 0]) }),
      ("transpose", { try a.transpose(0, 7) }),
      ("narrow", { try a.narrow(dim: 0, start: 1, length: 5) }),
      ("select", { try a.select(dim: 0, index: 2) }),
      ("indexSelect", { try a.indexSelect(dim: 0, Tensor([Int64(9)], shape: [1])) }),
      ("expand", { try a.expand([5, 3]) }), ("cat", { try .cat([a, b], dim: 0) }),
      ("sum", { try a.sum(dims: [2]) }),
      ("max", { try Tensor.zeros([0]).max() }), ("conv2d", { try a.conv2d(b) }),
      ("groupNorm", { try a.groupNorm(2, nil, nil, eps: 1e-5) }),
      ("layerNorm", { try a.layerNorm([2], nil, nil, eps: 1e-5) }),
      ("embedding", { try a.embedding(b) }),
      (
        "attention",
        {
          try .scaledDotProductAttention(
            query: a, key: b, value: b)
        }
      ),
      ("upsample", { try a.upsampleNearest2d(height: 2, width: 2) }),
      ("bicubic", { try a.bicubicResized(height: 2, width: 2) }),
    ]
    for (name, operation) in failing {
      let error = torchError { _ = try operation() }
      #expect(error.map { isOneLine($0.description) } == true, "\(name)")
      #expect(error?.isOutOfMemory == false, "\(name)")
    }
  }

  @Test("An error has libtorch's message, and the next one replaces it")
  func sentences() throws {
    let x = try counting(2, 3)
    #expect(
      torchError { _ = try x.reshape([7]) }?.description
        == "shape '[7]' is invalid for input of size 6")
    #expect(
      torchError { try x.copy(from: counting(5)) }?.description
        == "The size of tensor a (3) must match the size of tensor b (5) at non-singleton dimension 1"
    )
    #expect(try (x + x).sum().item() == 30)
  }

  @Test("A tensor larger than the memory is reported as out of memory")
  func outOfMemory() throws {
    let error = try #require(torchError { _ = try Tensor.empty([1 << 50], dtype: .uint8) })
    #expect(error.isOutOfMemory)
    #expect(isOneLine(error.description))
    #expect(error.description.hasPrefix("There is not enough memory (DefaultCPUAllocator: "))
    #expect(error.description.hasSuffix("or precision."))
    let overflow = torchError { _ = try Tensor.empty([1 << 40, 1 << 40]) }
    #expect(overflow.map { isOneLine($0.description) } == true)
  }

  @Test("The statuses of cuBLAS and cuDNN for a lack of memory count as such, others do not")
  func statusesOfLibraries() {
    for message in [
      "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
      "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
      "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
      "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
      "CUDA error: out of memory", "CUDA out of memory. Tried to allocate 2.00 GiB.",
      "DefaultCPUAllocator: can't allocate memory: you tried to allocate 1125899906842624 bytes",
    ] {
      #expect(TorchError.isOutOfMemory(message), "\(message)")
    }
    for message in [
      "CUDA error: CUBLAS_STATUS_NOT_SUPPORTED", "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
      "shape '[3]' is invalid for input of size 2", "",
    ] {
      #expect(!TorchError.isOutOfMemory(message), "\(message)")
    }
  }

  @Test("A missing device is named")
  func unknownDevice() throws {
    let device = Device.cuda(Device.cudaCount + 7)
    let expected = "There is no device \(device): libtorch finds \(Device.cudaCount) CUDA devices"
    #expect(torchError { _ = try Tensor.zeros([1], device: device) }?.description == expected)
    #expect(torchError { _ = try vector(1).to(device) }?.description == expected)
    #expect(torchError { _ = try device.allocatedMemory() }?.description == expected)
    #expect(torchError { _ = try device.name() }?.description == expected)
    #expect(torchError { try device.resetPeakMemory() }?.description == expected)
    let huge = torchError { _ = try vector(1).to(Device.cuda(256)) }
    #expect(huge?.description.hasPrefix("There is no device cuda:256:") == true)
  }

  @Test("Memory is counted on GPUs only; the CPU throws")
  func memoryOfTheCPU() {
    let expected = "only CUDA devices have a name and memory that is counted"
    #expect(torchError { _ = try Device.cpu.allocatedMemory() }?.description == expected)
    #expect(torchError { _ = try Device.cpu.memory() }?.description == expected)
    #expect(torchError { try Device.cpu.resetPeakMemory() }?.description == expected)
    #expect(torchError { _ = try Device.cpu.name() }?.description == expected)
  }

  @Test("Calls that return no tensor report their errors too")
  func statuses() throws {
    let x = try vector(1, 2)
    let failing: [(String, () throws -> Void)] = [
      ("copy", { try x.copy(from: vector(1, 2, 3)) }),
      ("setRequiresGrad", { try Tensor.zeros([1], dtype: .int64).setRequiresGrad(true) }),
      ("backward", { try x.backward() }),
      ("scale", { try Tensor.scale([Tensor.zeros([1], dtype: .bool)], by: 0.5) }),
      ("norm", { _ = try Tensor.norm(of: [Tensor.zeros([1], dtype: .int64)]) }),
      ("item", { _ = try x.item() }),
    ]
    for (name, operation) in failing {
      let error = torchError { try operation() }
      #expect(error.map { isOneLine($0.message) } == true, "\(name)")
    }
    #expect(try x.floats() == [1, 2])
  }

  @Test("Each thread has its own error")
  func threads() async throws {
    let messages = await withTaskGroup(of: Bool.self) { group in
      for size in 1...64 {
        group.addTask {
          torchError { _ = try Tensor.zeros([size]).reshape([size + 1]) }?.message
            == "shape '[\(size + 1)]' is invalid for input of size \(size)"
        }
      }
      return await group.reduce(into: [Bool]()) { $0.append($1) }
    }
    #expect(messages.count == 64 && messages.allSatisfy { $0 })
  }
}

@Suite("Devices and libtorch itself")
struct DeviceTests {
  @Test("Devices are written as in PyTorch")
  func names() {
    #expect(Device.cpu.description == "cpu")
    #expect(Device.cuda(3).description == "cuda:3")
    #expect(!Device.cpu.isCUDA && Device.cuda().isCUDA)
  }

  @Test("The number of threads is never less than one")
  func threads() {
    let before = Backend.threads
    defer { Backend.threads = before }
    Backend.threads = 2
    #expect(Backend.threads == 2)
    Backend.threads = 0
    #expect(Backend.threads == 1)
    Backend.threads = -5
    #expect(Backend.threads == 1)
  }

  @Test("Without a GPU, emptying the cache throws", .enabled(if: Device.cudaCount == 0))
  func emptyCache() {
    #expect(torchError { try Backend.emptyCache() }.map { isOneLine($0.message) } == true)
  }

  @Test("The version is that of the loaded libtorch, which is the one compiled against")
  func version() throws {
    #expect(Backend.version.wholeMatch(of: /2\.[1-9]\d*\.\d+/) != nil)
    try Backend.checkVersion()
  }

  @Test("A libtorch of another minor version is refused in one sentence, another patch is not")
  func otherVersion() throws {
    let compiled = LibtorchVersion(major: 2, minor: 13, patch: 0)
    try LibtorchVersion(major: 2, minor: 13, patch: 1).check(compiledAgainst: compiled)
    let older = LibtorchVersion(packed: 0x020B_0100_0000_0000)
    #expect(older == LibtorchVersion(major: 2, minor: 11, patch: 1))
    #expect(throws: BackendError.otherVersion(loaded: "2.11.1", compiled: "2.13.0")) {
      try older.check(compiledAgainst: compiled)
    }
    #expect(throws: BackendError.self) {
      try LibtorchVersion(major: 3, minor: 13, patch: 0).check(compiledAgainst: compiled)
    }
  }

  @Test("With deterministic kernels, new tensors are not filled")
  func deterministicMemory() async {
    await #expect(processExitsWith: .success) {
      try Backend.useDeterministicKernels()
      // The system gives zeros for so much memory. Filling would make them NaN.
      let tensor = try Tensor.empty([64 << 20])
      guard try tensor.isFinite() else { exit(1) }
    }
  }
}
