import NN
import Testing
import Torch

private final class Unit: Recomputable {
  let projections = Projections(6)
  var recomputedLeaves: [Tensor]?
}

private final class Chain: Module {
  let units = [Unit(), Unit()]
  private(set) var runs = 0

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try units.reduce(x) { hidden, unit in
      try unit.recomputed([hidden]) { [self] in
        runs += 1
        return try unit.projections($0[0])
      }
    }
  }
}

@Suite("Units whose activations are recomputed")
struct RecomputableTests {
  private let chain = Chain()
  private let sites: [AdapterSite]
  private let x: Tensor

  init() throws {
    try Workshop().fill(chain, seed: 1)
    sites = try chain.attachAdapters(
      LoRA.self, targets: ["to_q"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    for site in sites {
      let up = try site.lora.up
      try up.copy(from: Generator(seed: 9).normal(up.shape))
    }
    x = try normal(2, 6, seed: 3)
  }

  private func gradients() throws -> [[UInt8]] {
    try chain(x).square().mean().backward()
    return try sites.flatMap(\.tensors).map { _, tensor in
      let bytes = try tensor.grad?.bytes() ?? []
      try tensor.setGrad(nil)
      return bytes
    }
  }

  @Test("Each unit runs twice, and no bit of a gradient changes")
  func gradientsAreTheSame() throws {
    let plain = try gradients()
    #expect(chain.runs == 2)
    chain.setGradientCheckpointing(true)
    #expect(chain.units.map { $0.recomputedLeaves?.count } == [2, 2])
    #expect(try gradients() == plain)
    #expect(chain.runs == 6)
    chain.setGradientCheckpointing(false)
    #expect(try gradients() == plain)
    #expect(chain.runs == 8)
    #expect(plain.allSatisfy { !$0.isEmpty })
  }

  @Test("A unit runs once if no backward pass needs it")
  func direct() throws {
    chain.setGradientCheckpointing(true)
    _ = try noGrad { try chain(x) }
    #expect(chain.runs == 2)
    chain.setAdapters([:])
    chain.setGradientCheckpointing(true)
    #expect(try !chain(x).requiresGrad)
    #expect(chain.runs == 4)
  }
}
