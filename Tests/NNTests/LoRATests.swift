import Foundation
import NN
import Testing
import Torch

@Suite("LoRA on linear layers")
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
  ) throws -> [LoRASite] {
    try pair.attachLoRA(targets: targets, rank: rank, alpha: alpha) {
      try Generator(seed: UInt64(10 + $0))
    }
  }

  /// Gives every up matrix values, as training would.
  private func train(_ sites: [LoRASite]) throws {
    for (index, site) in sites.enumerated() {
      let up = site.adapter.up
      try up.copy(from: Generator(seed: UInt64(100 + index)).normal(up.shape))
    }
  }

  @Test("Targets are whole ends of paths")
  func sites() throws {
    let sites = try attach()
    #expect(
      sites.map(\.path) == [
        "blocks.0.to_q", "blocks.0.to_out.0", "blocks.1.to_q", "blocks.1.to_out.0",
      ])
    #expect(pair.blocks[0].intoQ.adapter == nil)
    #expect(try pair.linearLayers(matching: ["into_q", "blocks.0.into_q"]).count == 2)
    #expect(
      sites[0].tensors.map(\.name) == [
        "blocks.0.to_q.lora_A.weight", "blocks.0.to_q.lora_B.weight",
      ])
  }

  @Test("A target that names nothing, and a rank that trains nothing, are errors")
  func errors() throws {
    #expect {
      _ = try attach(["to_q", "q"])
    } throws: {
      "\($0)" == "The LoRA target \"q\" names no linear layer of this model; "
        + "use names such as to_q, to_k, to_v, to_out.0."
    }
    for rank in [0, -1] {
      #expect {
        _ = try attach(rank: rank)
      } throws: {
        "\($0)" == "A LoRA of rank \(rank) has nothing to train; use a rank of 1 or more."
      }
    }
    #expect(pair.blocks.allSatisfy { $0.toQ.adapter == nil })
  }

  @Test("Matrices start as diffusers' scripts start them, each from its site's generator")
  func initialization() throws {
    let sites = try attach(rank: 3)
    for (index, site) in sites.enumerated() {
      let expected = try Generator(seed: UInt64(10 + index)).normal([3, 6]) * (1.0 / 3)
      #expect(try site.adapter.down.floats() == expected.floats())
      #expect(try site.adapter.up.floats() == Array(repeating: 0, count: 18))
      #expect(site.adapter.up.shape == [6, 3])
      #expect(site.adapter.down.requiresGrad && site.adapter.up.requiresGrad)
      #expect(site.adapter.scale == 4.0 / 3)
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
    let adapter = sites[0].adapter
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

  @Test("Below a bfloat16 base, adapters and their gradients stay float32")
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

  @Test("Given adapters take the places of others, and one can stand for several")
  func given() throws {
    let sites = try attach()
    try train(sites)
    let first = sites[0].adapter
    let second = LoRA(down: try normal(5, 6, seed: 7), up: try normal(6, 5, seed: 8), scale: 0.5)
    pair.setAdapters(["blocks.0.to_q": first])
    let layer = pair.blocks[0].toQ
    #expect(layer.adapter === first)
    #expect(pair.blocks[0].toOut[0].adapter == nil)
    let base = try x.linear(layer.weight.tensor)
    let expected = try base + (layer(x) - base) + x.linear(second.down).linear(second.up) * 0.5
    pair.setAdapters(["blocks.0.to_q": try .sum([first, second])])
    #expect(try (layer(x) - expected).abs().max().item() < 1e-4)
    pair.setAdapters([:])
    #expect(try layer(x).bytes() == base.bytes())
  }
}
