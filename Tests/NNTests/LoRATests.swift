import Foundation
import NN
import Testing
import Torch

@Suite("LoRA")
struct LoRATests {
  private let workshop: Workshop
  private let pair = Pair()
  private let x: Tensor

  init() throws {
    workshop = try Workshop()
    try workshop.fill(pair, seed: 1)
    x = try normal(2, 3, 6, seed: 2)
  }

  private func attach(
    _ targets: [String] = ["to_q", "to_out.0"], rank: Int = 2, alpha: Double = 4
  ) throws -> [AdapterSite] {
    try pair.attachAdapters(
      LoRA.self, targets: targets, settings: AdapterSettings(rank: rank, alpha: alpha)
    ) { try Generator(seed: UInt64(10 + $0)) }
  }

  /// Sets every up matrix to random values, as if it were trained.
  private func train(_ sites: [AdapterSite]) throws {
    for (index, site) in sites.enumerated() {
      let up = try site.lora.up
      try up.copy(from: Generator(seed: UInt64(100 + index)).normal(up.shape))
    }
  }

  @Test("Targets match whole parts at the ends of paths")
  func sites() throws {
    let sites = try attach()
    #expect(
      sites.map(\.path) == [
        "blocks.0.to_q", "blocks.0.to_out.0", "blocks.1.to_q", "blocks.1.to_out.0",
      ])
    #expect(pair.blocks[0].intoQ.adapter == nil)
    #expect(try pair.adapterPaths(in: LayerSelection(["into_q", "blocks.0.into_q"])).count == 2)
    #expect(pair.adapters().map(\.path) == sites.map(\.path))
    #expect(
      sites[0].tensors.map(\.name) == [
        "blocks.0.to_q.lora_A.weight", "blocks.0.to_q.lora_B.weight",
      ])
  }

  @Test("A target without a match and a rank below 1 are errors")
  func errors() throws {
    #expect {
      _ = try attach(["to_q", "q"])
    } throws: {
      "\($0)"
        == "The pattern \"q\" matches no linear layer and no convolution of this model; use "
        + "parts of paths, such as to_q or down_blocks.1 of the UNet, or q_proj of a text encoder."
    }
    for rank in [0, -1] {
      #expect {
        _ = try attach(rank: rank)
      } throws: {
        "\($0)" == "An adapter of rank \(rank) has nothing to train; use a rank of 1 or more."
      }
    }
    #expect(pair.blocks.allSatisfy { $0.toQ.adapter == nil })
  }

  @Test("Matrices are initialised as in diffusers' scripts, each from its site's generator")
  func initialization() throws {
    let sites = try attach(rank: 3)
    for (index, site) in sites.enumerated() {
      let expected = try Generator(seed: UInt64(10 + index)).normal([3, 6]) * (1.0 / 3)
      let lora = try site.lora
      #expect(try lora.down.floats() == expected.floats())
      #expect(try lora.up.floats() == Array(repeating: 0, count: 18))
      #expect(lora.up.shape == [6, 3])
      #expect(lora.down.requiresGrad && lora.up.requiresGrad)
      #expect(lora.scale == 4.0 / 3 && lora.strength == 1)
    }
  }

  @Test("An untrained adapter changes no bit of the output", arguments: [DType.float32, .bfloat16])
  func untrained(dtype: DType) throws {
    try workshop.fill(pair, seed: 1, dtype: dtype)
    let input = try x.to(dtype)
    let base = try pair(input).bytes()
    _ = try attach()
    #expect(try pair(input).bytes() == base)
  }

  @Test("The update is alpha / rank up(down(x))")
  func update() throws {
    let layer = pair.blocks[0].toQ
    let base = try layer(x)
    let sites = try attach(["blocks.0.to_q"])
    try train(sites)
    let adapter = try sites[0].lora
    let expected = try base + x.linear(adapter.down).linear(adapter.up) * 2
    let difference = try (layer(x) - expected).abs().max().item()
    #expect(difference < 1e-5)
    #expect(try (layer(x) - base).abs().max().item() > 0.1)
  }

  @Test("Gradients go to the adapters alone")
  func gradients() throws {
    let sites = try attach()
    try train(sites)
    try pair(x).square().mean().backward()
    for site in sites {
      for (name, tensor) in site.tensors {
        #expect(try (tensor.grad?.abs().max().item() ?? 0) > 0, "\(name)")
      }
    }
    for (path, parameter) in pair.parameters() {
      #expect(try parameter.tensor.grad == nil, "\(path)")
      #expect(try !parameter.tensor.requiresGrad, "\(path)")
    }
  }

  @Test("On a bfloat16 base, adapters and their gradients stay float32")
  func precision() throws {
    try workshop.fill(pair, seed: 1, dtype: .bfloat16)
    let sites = try attach()
    try train(sites)
    let output = try pair(x.to(.bfloat16))
    #expect(output.dtype == .bfloat16)
    try output.to(.float32).square().mean().backward()
    for site in sites {
      for (name, tensor) in site.tensors {
        #expect(tensor.dtype == .float32, "\(name)")
        #expect(try tensor.grad?.dtype == .float32, "\(name)")
      }
    }
  }

  @Test("Strength multiplies alpha / rank, and can be changed on an adapter")
  func strength() throws {
    let sites = try attach(["blocks.0.to_q"])
    try train(sites)
    let layer = pair.blocks[0].toQ
    let full = try layer(x)
    var lora = try sites[0].lora
    lora.strength = 0.25
    pair.setAdapters(["blocks.0.to_q": lora])
    let expected = LoRA(down: lora.down, up: lora.up, scale: 0.5)
    let quarter = try layer(x)
    pair.setAdapters(["blocks.0.to_q": expected])
    #expect(try layer(x).bytes() == quarter.bytes())
    lora.strength = 1
    pair.setAdapters(["blocks.0.to_q": lora])
    #expect(try layer(x).bytes() == full.bytes())
    pair.setAdapters([:])
    let base = try layer(x)
    #expect(try (base + (full - base) * 0.25 - quarter).abs().max().item() < 1e-5)
  }

  @Test("Set adapters replace the present ones, and one adapter can combine several")
  func given() throws {
    let sites = try attach()
    try train(sites)
    let first = try sites[0].lora
    let second = LoRA(down: try normal(5, 6, seed: 7), up: try normal(6, 5, seed: 8), scale: 0.5)
    pair.setAdapters(["blocks.0.to_q": first])
    let layer = pair.blocks[0].toQ
    #expect((layer.adapter as? LoRA)?.down === first.down)
    #expect(pair.blocks[0].toOut[0].adapter == nil)
    let base = try x.linear(layer.weight.tensor)
    let expected = try base + (layer(x) - base) + x.linear(second.down).linear(second.up) * 0.5
    pair.setAdapters(["blocks.0.to_q": try #require(try AdapterSum.of([first, second]))])
    #expect(try (layer(x) - expected).abs().max().item() < 1e-4)
    pair.setAdapters([:])
    #expect(try layer(x).bytes() == base.bytes())
  }
}

extension AdapterSite {
  /// The LoRA at this site.
  var lora: LoRA { get throws { try #require(adapter as? LoRA) } }
}
