import Foundation
import NN
import Options
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Adapted layers")
struct AdaptedLayerTests {
  private func count(_ yaml: String) throws -> Int {
    try TrainingConfig.reading(yaml).adapterPaths(in: UNet2DConditionModel(.sdxl)).count
  }

  @Test("The presets have as many layers of SDXL as diffusers' and kohya's choices")
  func presets() throws {
    #expect(try count("") == 560)
    #expect(try count("targets: attention") == 560)
    #expect(try count("lora_targets: [to_q, to_k, to_v, to_out.0]") == 560)
    #expect(try count("targets: attention-ff") == 722)
    #expect(try count("targets: [full]") == 788)
    #expect(try count("targets: full\nexclude_targets: [up_blocks, resnets]") < 560)
    #expect(try count("targets: [attn2.to_k, down_blocks.1]") > 70)
  }

  @Test("The four projections and the preset are one value, so an earlier run resumes")
  func earlierNames() throws {
    #expect(
      try TrainingConfig.reading("lora_targets: [to_out.0, to_q, to_k, to_v]").adaptation
        == TrainingConfig.reading("targets: attention").adaptation)
    let record = try JSONDecoder().decode(
      TrainingConfig.self, from: Data(#"{"lora_targets":["to_q","to_k","to_v","to_out.0"]}"#.utf8))
    #expect(record.adaptation == TrainingConfig().adaptation)
  }

  @Test("A pattern that matches nothing is named")
  func noMatch() throws {
    for yaml in [
      "targets: attenton", "exclude_targets: [attenton]", "layer_ranks: {attenton: 4}",
      "layer_rates: {attenton: 0.5}",
    ] {
      #expect(throws: AdapterError.noSuchTarget("attenton")) { try count(yaml) }
    }
  }

  @Test(
    "A factor that does not divide a layer, and a rank without singular values, are named early")
  func impossible() throws {
    #expect {
      try count("adapter: lokr\nlokr_factor: 7")
    } throws: {
      guard case .factor(7, _, let possible)? = $0 as? AdapterError else { return false }
      return possible.contains(8)
    }
    #expect(try count("adapter: lokr\nlokr_factor: 8") == 560)
    #expect {
      try count("rank: 4096\nadapter_initialization: pissa")
    } throws: {
      if case .rankAbove(4096, _)? = $0 as? AdapterError { true } else { false }
    }
  }

  @Test("Ranks by patterns; alpha keeps its ratio to the rank")
  func ranks() throws {
    let config = try TrainingConfig.reading(
      "rank: 16\nalpha: 8\nlayer_ranks: {down_blocks: 4, down_blocks.1: 8}")
    let first = config.adapterSettings(of: "down_blocks.1.attentions.0.attn1.to_q")
    #expect(first.rank == 8 && first.alpha == 4)
    let second = config.adapterSettings(of: "down_blocks.2.attentions.0.attn1.to_q")
    #expect(second.rank == 4 && second.alpha == 2)
    let other = config.adapterSettings(of: "mid_block.attentions.0.attn1.to_q")
    #expect(other.rank == 16 && other.alpha == 8)
  }

  @Test("Numbers by patterns are read as a group and as texts, and printed as they are read")
  func forms() throws {
    var flags = OptionOverrides<TrainingConfig>()
    flags.set(key: "subject", to: "dog")
    flags.set(key: "layer_rates", toList: ["mid_block=0", "down_blocks.1=0.5"])
    let folder = try TemporaryFolder()
    let config = try TrainingConfig.load(flags, folder: folder.url)
    #expect(config.optimization.layerRates.numbers == ["mid_block": 0, "down_blocks.1": 0.5])
    #expect(config.optimization.layerRates.yaml == "{down_blocks.1: 0.5, mid_block: 0.0}")
    #expect(
      try TrainingConfig.reading("layer_rates: \(config.optimization.layerRates.yaml)").optimization
        == config.optimization)
    #expect(
      try JSONDecoder().decode(TrainingConfig.self, from: Data(config.recordJSON().utf8)) == config)
    #expect {
      try TrainingConfig.reading("layer_rates: [down_blocks.1]")
    } throws: {
      "\($0)".hasSuffix(
        "line 2: layer_rates is a list, but must be a group such as "
          + "{down_blocks.1: 2, mid_block: 4}.")
    }
  }

  @Test("Groups by patterns and LoRA+ have the products of their factors")
  func groups() throws {
    let unet = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl")).loadUNet()
    let sites = try unet.attachAdapters(
      LoRA.self, targets: ["mid_block.attentions.0.transformer_blocks.0.attn*.to_q"],
      settings: AdapterSettings(rank: 2, alpha: 2)
    ) { _ in try Generator(seed: 1) }
    let plain = RateGroups(
      sites, named: "unet", rate: 0.1, factors: LayerValues([:]), upFactor: 1)
    #expect(plain.groups.map(\.name) == ["unet"] && plain.groups[0].learningRate == 0.1)
    #expect(plain.groups[0].parameters.map(\.name) == sites.flatMap(\.tensors).map(\.name))
    let several = RateGroups(
      sites, named: "unet", rate: 0.1, factors: LayerValues(["attn2": 0.5]), upFactor: 16)
    #expect(
      several.groups.map { "\($0.name): \($0.learningRate), \($0.parameters.count)" } == [
        "unet: 0.1, 1", "unet up: 1.6, 1", "unet attn2: 0.05, 1", "unet attn2 up: 0.8, 1",
      ])
  }
}
