import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

@Suite("Adapters on text encoders")
struct TextEncoderAdapterTests {
  @Test("One step trains every adapter, and nothing else", arguments: [1, 2])
  func training(number: Int) throws {
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let encoder: any CLIPTextEncoder =
      number == 1 ? try model.loadTextEncoder() : try model.loadTextEncoder2()
    let weights = try encoder.parameters().map { try $0.parameter.tensor.bytes() }
    let sites = try encoder.attachAdapters(
      LoRA.self, targets: ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"],
      settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    #expect(sites.count == encoder.adaptableLayers().count(where: { $0.path.contains("layers.") }))
    for (index, site) in sites.enumerated() {
      // With an up matrix of zeros, the down matrix would have no gradient.
      let up = try #require(site.adapter as? LoRA).up
      try noGrad { try up.copy(from: Generator(seed: UInt64(1000 + index)).normal(up.shape) * 0.1) }
    }
    let trained = sites.flatMap(\.tensors)
    let before = try trained.map { try $0.tensor.bytes() }
    let loss = try self.loss(encoder)
    try loss.backward()
    for (name, tensor) in trained {
      #expect(try (tensor.grad?.abs().max().item() ?? 0) > 0, "\(name)")
    }

    let optimizer = try OptimizerKind.standard.optimizer(
      of: [ParameterGroup("text_encoder", trained, learningRate: 1e-3)],
      settings: OptimizerSettings())
    try optimizer.step(rates: [1e-3], foundInf: nil)
    #expect(zip(try trained.map { try $0.tensor.bytes() }, before).allSatisfy { $0 != $1 })
    #expect(try self.loss(encoder).item() < loss.item())
    #expect(try encoder.parameters().map { try $0.parameter.tensor.bytes() } == weights)
    #expect(try encoder.parameters().allSatisfy { try $0.parameter.tensor.grad == nil })
  }

  private func loss(_ encoder: some CLIPTextEncoder) throws -> Tensor {
    let output = try encoder([Array(0..<77)])
    let target = try Generator(seed: 5).normal(output.last.shape)
    return try (output.last - target).square().mean() + output.penultimate.square().mean()
  }
}
