import Testing
import Torch

/// Compares operations that have a backward pass of their own with compositions of others.
@Suite("Fused operations")
struct FusedTests {
  /// The largest difference, relative to the largest expected value.
  private func difference(_ tensor: Tensor, _ expected: Tensor) throws -> Double {
    let gap = try (tensor.to(.float64) - expected.to(.float64)).abs().max().item()
    return try gap / expected.to(.float64).abs().max().item()
  }

  /// The output of `body`, and the gradients of its inputs for a fixed gradient of the output.
  private func results(_ inputs: [Tensor], _ body: ([Tensor]) throws -> Tensor) throws -> [Tensor] {
    let leaves = try inputs.map { try $0.detach().clone() }
    for leaf in leaves { try leaf.setRequiresGrad(true) }
    let output = try body(leaves)
    let direction = try Generator(seed: 9).normal(output.shape).to(output.dtype)
    try (output * direction).sum().backward()
    return try [output.detach()] + leaves.compactMap { try $0.grad }
  }

  @Test("geglu and its gradient equal the composition")
  func geglu() throws {
    let x = try normal(2, 3, 10, seed: 1).to(.float64)
    let fused = try results([x]) { try $0[0].geglu() }
    let composed = try results([x]) {
      let halves = try $0[0].chunk(2, dim: -1)
      return try halves[0] * halves[1].gelu()
    }
    #expect(fused.count == 2 && fused[0].shape == [2, 3, 5])
    for (one, other) in zip(fused, composed) { #expect(try difference(one, other) < 1e-14) }
  }

  @Test(
    "Short attention in bfloat16 and its gradients are as close to float32 as libtorch's kernels",
    arguments: [(1, 3, 33, 33), (2, 2, 64, 77), (1, 2, 256, 256), (1, 2, 300, 256)])
  func attention(batch: Int, heads: Int, queries: Int, keys: Int) throws {
    let inputs = try [queries, keys, keys].enumerated().map { seed, count in
      try normal(batch, count, heads, 16, seed: UInt64(seed)).to(.bfloat16)
    }
    func attend(_ inputs: [Tensor]) throws -> Tensor {
      let split = try inputs.map { try $0.transpose(1, 2) }
      return try .scaledDotProductAttention(query: split[0], key: split[1], value: split[2])
    }
    let expected = try results(inputs.map { try $0.to(.float32) }, attend)
    let found = try results(inputs, attend)
    #expect(found.count == 4)
    for (one, other) in zip(found, expected) {
      #expect(one.shape == other.shape && one.dtype == .bfloat16)
      #expect(try difference(one, other) < 0.02)
    }
  }

  @Test("split returns views, and its gradient joins theirs")
  func split() throws {
    let x = try counting(2, 5)
    let parts = try x.split([1, 3, 1], dim: -1)
    #expect(try parts.map { try $0.floats() } == [[0, 5], [1, 2, 3, 6, 7, 8], [4, 9]])
    let found = try results([x]) { inputs in
      let parts = try inputs[0].split([1, 3, 1], dim: 1)
      return try parts[0] * 2 + parts[2]
    }
    let directions = try Generator(seed: 9).normal([2, 1]).floats()
    #expect(
      try found[1].floats() == directions.flatMap { [2 * $0, 0, 0, 0, $0] })
    #expect(torchError { _ = try x.split([1, 3], dim: 1) } != nil)
  }

  @Test("Only operations with kernels of their own are counted, each once")
  func operationCounts() throws {
    let x = try normal(4, 4, seed: 1)
    try x.setRequiresGrad(true)
    let counts = try countingOperations {
      let y = try x.linear(x.detach()).reshape([2, 8]).transpose(0, 1)
      try y.silu().sum().backward()
    }
    #expect(counts["aten::mm"] == 2 && counts["aten::silu"] == 1)
    #expect(counts["aten::silu_backward"] == 1)
    #expect(counts["aten::linear"] == nil && counts["aten::transpose"] == nil)
    #expect(try countingOperations {}.isEmpty)
    struct Planned: Error {}
    #expect(throws: Planned.self) { try countingOperations { throw Planned() } }
    #expect(try countingOperations { _ = try x.silu() }["aten::silu"] == 1)
  }

  @Test("An upload copies tensors of all types in one transfer, without a wait")
  func upload() throws {
    let tensors = [
      try normal(3, 5, seed: 1), try normal(7, seed: 2).to(.bfloat16),
      try Tensor([1, 2, 3] as [Int64], shape: [3, 1]), try Tensor.zeros([0, 4]),
      try normal(4, 6, seed: 3).transpose(0, 1),
    ]
    let buffer = try UploadBuffer(like: tensors, on: .cpu)
    let waits = Backend.waitCount
    try buffer.upload(tensors)
    #expect(Backend.waitCount == waits)
    for (view, tensor) in zip(buffer.tensors, tensors) {
      #expect(view.shape == tensor.shape && view.dtype == tensor.dtype)
      #expect(try view.bytes() == tensor.bytes())
    }
    try buffer.upload([tensors[0] * 2.0] + tensors.dropFirst())
    #expect(try buffer.tensors[0].floats() == (tensors[0] * 2.0).floats())
    #expect(torchError { try buffer.upload([tensors[0]]) } != nil)
  }
}
