import Testing
import Torch

@testable import NN

@Suite("Fused adapters")
struct FusedAdapterTests {
  /// Three layers with one input, and one with a bias.
  private final class Block: LinearGrouping {
    let toQ = Linear(6, 8, bias: false)
    let toK = Linear(6, 8, bias: false)
    let toV = Linear(6, 4, bias: false)
    let toOut = Linear(4, 6)
    private lazy var inputs = LinearGroup([toQ, toK, toV])
    private lazy var output = LinearGroup([toOut])

    var linearGroups: [LinearGroup] { [inputs, output] }
    var isFused: Bool { inputs.isFused && output.isFused }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
      let projected = try inputs(x)
      let gate = try (projected[0] * projected[1]).sum(dims: [-1], keepDim: true)
      return try output(projected[2] * gate)[0]
    }
  }

  private let block = Block()
  private let x: Tensor

  init() throws {
    try Workshop().fill(block, seed: 1)
    x = try normal(2, 3, 6, seed: 2)
  }

  private func expectEqual(
    _ plain: [[Double]], _ fused: [[Double]], within tolerance: Double = 2e-6
  ) {
    #expect(plain.count == fused.count)
    for (one, other) in zip(fused, plain) {
      let scale = other.map(abs).max() ?? 0
      #expect(scale > 0 && one.count == other.count)
      #expect(zip(one, other).allSatisfy { abs($0 - $1) <= tolerance * scale })
    }
  }

  private func attach(_ targets: [String], rank: Int = 2, alpha: Double = 3) throws -> [Tensor] {
    let sites = try block.attachAdapters(
      LoRA.self, targets: targets, settings: AdapterSettings(rank: rank, alpha: alpha)
    ) { try Generator(seed: UInt64($0)) }
    let trained = sites.flatMap(\.tensors).map(\.tensor)
    for (seed, tensor) in trained.enumerated() {
      try noGrad { try tensor.copy(from: Generator(seed: UInt64(seed)).normal(tensor.shape)) }
    }
    return trained
  }

  /// The output, the gradient of the input, and those of the trained tensors after two passes.
  private func results(
    _ trained: [Tensor], _ fusion: AdapterFusion? = nil
  ) throws -> [[Double]] {
    let input = try x.clone()
    try input.setRequiresGrad(true)
    var output: [Double] = []
    for factor in [1.0, 2] {
      let y = try block(input * factor)
      output = try y.doubles()
      try y.square().sum().backward()
      try fusion?.collectGradients()
    }
    let gradients = try trained.map { try $0.grad?.doubles() ?? [] }
    for tensor in trained { try tensor.setGrad(nil) }
    return try [output, input.grad?.doubles() ?? []] + gradients
  }

  @Test(
    "have the outputs and gradients of single adapters, and the weights keep their values",
    arguments: [
      ["to_q", "to_k", "to_v", "to_out"], ["to_q", "to_v"], ["to_k"], ["to_out", "to_q", "to_k"],
    ])
  func equal(targets: [String]) throws {
    let trained = try attach(targets)
    let weights = try block.parameters().map { try $0.parameter.tensor.bytes() }
    let plain = try results(trained)
    let fusion = try block.fuseAdapters()
    let fused = try results(trained, fusion)
    #expect(plain.count == 2 + 2 * targets.count)
    expectEqual(plain, fused)
    #expect(try block.parameters().map { try $0.parameter.tensor.bytes() } == weights)
  }

  @Test(
    "Neighbours of other ranks and scales, and a layer without an adapter between, stay correct")
  func unequal() throws {
    let trained =
      try attach(["to_q"], rank: 2, alpha: 3) + attach(["to_v"], rank: 3, alpha: 0.5)
      + attach(["to_out"], rank: 1, alpha: 4)
    try expectEqual(results(trained), results(trained, block.fuseAdapters()))
    block.setAdapters([:])
    let neighbours = try attach(["to_q"], rank: 2, alpha: 4) + attach(["to_k"], rank: 2, alpha: 1)
    try expectEqual(results(neighbours), results(neighbours, block.fuseAdapters()))
  }

  @Test("A norm in front of fused layers gives the outputs and gradients of the two")
  func norm() throws {
    let norm = LayerNorm(6)
    try Workshop().fill(norm, seed: 5)
    let trained = try attach(["to_q", "to_k", "to_v"])
    func pass(_ fusion: AdapterFusion?) throws -> [[Double]] {
      let input = try x.clone()
      try input.setRequiresGrad(true)
      let outputs = try block.linearGroups[0](input, after: norm)
      let loss = try (outputs[0] * outputs[1]).square().sum() + outputs[2].square().sum()
      try loss.backward()
      try fusion?.collectGradients()
      let gradients = try trained.map { try $0.grad?.doubles() ?? [] }
      for tensor in trained { try tensor.setGrad(nil) }
      return try [outputs[0].doubles(), input.grad?.doubles() ?? []] + gradients
    }
    let plain = try pass(nil)
    let fused = try pass(block.fuseAdapters())
    #expect(plain.count == 8)
    expectEqual(plain, fused, within: 1e-5)
  }

  @Test("In bfloat16, outputs and gradients are those of float32 but for rounding")
  func halfPrecision() throws {
    let trained =
      try attach(["to_q", "to_k"], rank: 2, alpha: 3) + attach(["to_v"], rank: 3, alpha: 0.5)
      + attach(["to_out"], rank: 1, alpha: 4)
    func pass(_ x: Tensor, _ fusion: AdapterFusion?) throws -> [[Double]] {
      let outputs = try block.linearGroups[0](x)
      let output = try block.linearGroups[1](
        outputs[2] + outputs[0].narrow(dim: -1, start: 0, length: 4))[0]
      let loss = try output.to(.float32).sum() + outputs[1].to(.float32).square().sum()
      try loss.backward()
      try fusion?.collectGradients()
      let gradients = try trained.map { try $0.grad?.doubles() ?? [] }
      for tensor in trained { try tensor.setGrad(nil) }
      return try [output.to(.float32).doubles()] + gradients
    }
    let wide = try pass(x, nil)
    for (_, parameter) in block.parameters() {
      parameter.bind(try parameter.tensor.to(.bfloat16))
    }
    let half = try pass(x.to(.bfloat16), block.fuseAdapters())
    #expect(half.count == 9)
    expectEqual(wide, half, within: 0.03)
  }

  @Test("The scale is applied before a product is rounded, so that float16 loses no gradient")
  func smallScale() throws {
    for (_, parameter) in block.parameters() {
      parameter.bind(try parameter.tensor.to(.float16))
    }
    let trained = try attach(["to_q", "to_k"], rank: 2, alpha: 1e-4)
    for tensor in trained { try noGrad { try tensor.copy(from: tensor * 1e-3) } }
    let fusion = try block.fuseAdapters()
    let outputs = try block.linearGroups[0](x.to(.float16))
    try (outputs[0].to(.float32).sum() * 6e4 + outputs[1].to(.float32).sum() * 6e4).backward()
    try fusion.collectGradients()
    // Copies of matrices times the scale would be below float16's smallest number, 6e-8.
    for tensor in trained {
      let gradient = try #require(try tensor.grad)
      #expect(try gradient.isFinite() && gradient.floats().allSatisfy { $0 != 0 })
    }
  }

  @Test(
    "use changed matrices after a refresh",
    arguments: [(DType.float32, 1e-4), (.bfloat16, 0.03)])
  func refresh(dtype: DType, tolerance: Double) throws {
    for (_, parameter) in block.parameters() { parameter.bind(try parameter.tensor.to(dtype)) }
    func output() throws -> [Double] {
      try noGrad { try block(x.to(dtype)).to(.float32).doubles() }
    }
    let trained = try attach(["to_q", "to_v"])
    let fusion = try block.fuseAdapters()
    let before = try output()
    for tensor in trained { try noGrad { try tensor.copy(from: tensor * 2.0) } }
    // In float32 the layers read the trained matrices themselves.
    #expect(try (output() == before) == (dtype != .float32))
    try fusion.refresh()
    let after = try output()
    #expect(after != before)
    block.setAdapters(block.unfused())
    #expect(!block.linearGroups[0].isFused)
    let scale = after.map(abs).max() ?? 0
    #expect(try zip(after, output()).allSatisfy { abs($0 - $1) <= tolerance * max(scale, 1) })
  }

  @Test("Other adapters, other strengths and merged weights end the fusion")
  func ending() throws {
    _ = try attach(["to_q", "to_k", "to_v", "to_out"])
    _ = try block.fuseAdapters()
    #expect(block.isFused)
    let fused = Dictionary(
      uniqueKeysWithValues: block.adapters().map { ($0.path, $0.adapter) })
    block.setAdapters(fused.mapValues { $0.scaled(by: 0.5) })
    #expect(!block.isFused)
    block.setAdapters(fused)
    #expect(block.isFused)
    try block.mergeAdapters()
    #expect(!block.isFused)
    block.unmergeAdapters()
    #expect(block.isFused)
    block.setAdapters([:])
    #expect(!block.isFused)
  }

  @Test("The nodes of a fused group are two products, and one for the low-rank sums")
  func operations() throws {
    _ = try attach(["to_q", "to_k"])
    _ = try block.fuseAdapters()
    let counts = try countingOperations { _ = try noGrad { try block.linearGroups[0](x) } }
    #expect(counts == ["aten::mm": 2, "aten::baddbmm_": 1])
  }
}

extension Module {
  /// The adapters below this module outside their fused layers.
  fileprivate func unfused() -> [String: any Adapter] {
    Dictionary(
      uniqueKeysWithValues: adapters().map { site in
        let tensors = site.adapter.tensors.map(\.tensor)
        return (site.path, LoRA(down: tensors[0], up: tensors[1], scale: 1.5) as any Adapter)
      })
  }
}
