import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing

@testable import Drawing
@testable import Torch
@testable import Training

extension CUDATests {
  /// Findings of an audit of the CUDA path. Serialized, because the tests measure memory.
  @Suite(
    "Risks on a GPU", .serialized,
    .enabled(if: TestedDevice.isPresent && device.isCUDA, "no CUDA GPU"))
  struct Risks {
    @Test("Memory is counted before anything else has used CUDA")
    func countedAtOnce() async {
      await #expect(processExitsWith: .success) {
        let memory = try Device.cuda(0).allocatedMemory()
        guard memory.now == 0, memory.peak == 0 else { exit(1) }
        try Device.cuda(0).resetPeakMemory()
        try Backend.emptyCache()
      }
    }

    @Test("A GPU has a name, which is part of every cache key, like its kernels")
    func name() throws {
      let name = try Device.cuda(0).name()
      #expect(name.contains("NVIDIA") || name.contains("Tesla") || name.contains("GeForce"))
      let keys = try [true, false].map {
        try Arithmetic(device: .cuda(0), threads: 1, deterministic: $0).description
      }
      #expect(keys[0] != keys[1] && keys.allSatisfy { $0.contains(name) })
    }

    @Test("A new peak starts at what is allocated")
    func peak() throws {
      let device = Device.cuda(0)
      do {
        let large = try Tensor.zeros([64 << 20], device: device)
        withExtendedLifetime(large) {}
      }
      let before = try device.allocatedMemory()
      #expect(before.peak - before.now >= 256 << 20)
      try PeakMemory.reset(on: device)
      let after = try device.allocatedMemory()
      #expect(after.peak == after.now)
    }

    @Test(
      "Weights arrive on the GPU with the bytes of plain copies, and without a second copy there")
    func transfer() throws {
      let device = Device.cuda(0)
      let sources = try (0..<40).map { try Generator(seed: $0).normal([1 << 20]) }
      let before = try device.allocatedMemory().now
      try device.resetPeakMemory()
      var results: [Tensor] = []
      try Tensor.transfer(
        sources.count, to: device, dtype: .bfloat16, staging: 3 << 20, next: { sources[$0] },
        take: { _, tensor, _ in results.append(tensor) })
      let memory = try device.allocatedMemory()
      #expect(memory.now - before == 40 << 21)
      #expect(memory.peak == memory.now)
      for (source, result) in zip(sources, results) {
        #expect(try result.bytes() == source.to(.bfloat16).bytes())
      }
    }

    @Test(
      "Deterministic attention in float32 or with wide heads takes no memory for its scores",
      arguments: [
        // UNet in float32, and the VAE's single wide head.
        (10, 64, 4096, DType.float32), (1, 512, 16384, .float32), (1, 512, 16384, .bfloat16),
      ])
    func attention(heads: Int, width: Int, tokens: Int, dtype: DType) async {
      await #expect(processExitsWith: .success) {
        [heads, width, tokens, type = dtype.rawValue as String] in
        try Backend.useDeterministicKernels()
        let device = Device.cuda(0)
        let inputs = try (0..<3).map { seed in
          try Generator(seed: UInt64(seed)).normal([1, heads, tokens, width]).to(device)
            .to(DType(rawValue: type) ?? .float32)
        }
        for input in inputs { try input.setRequiresGrad(true) }
        func run() throws -> [[UInt8]] {
          let output = try Tensor.scaledDotProductAttention(
            query: inputs[0], key: inputs[1], value: inputs[2])
          try (output * output).to(.float32).sum().backward()
          let gradients = try inputs.map { try $0.grad?.bytes() ?? [] }
          for input in inputs { try input.setGrad(nil) }
          return try gradients + [output.bytes()]
        }
        let first = try run()
        let start = try device.allocatedMemory().now
        try device.resetPeakMemory()
        let second = try run()
        let taken = try device.allocatedMemory().peak - start
        guard first == second, !first[0].isEmpty else { exit(3) }
        // The scores alone in the type that the plain kernels keep.
        guard taken < heads * tokens * tokens * 4 else { exit(4) }
      }
    }

    @Test("Group norm in bfloat16 is close to that with statistics in float32")
    func groupNorm() throws {
      // A mean of one deviation.
      let x = try (Generator(seed: 1).normal([1, 320, 64, 64]) + 1).to(.bfloat16)
      let exact = try x.to(.float32).groupNorm(32, nil, nil, eps: 1e-5).floats()
      let half = try x.to(.cuda(0)).groupNorm(32, nil, nil, eps: 1e-5).floats()
      let error = zip(exact, half).map { abs($0 - $1) }.max() ?? 0
      #expect(error < 0.04, "\(error)")
    }
  }
}
