import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters

/// Adapter files of other programs, for the UNet and both text encoders.
@Suite("Adapters of other programs")
struct AdapterNamingTests {
  /// The options of the pictures, and the files and strengths of each.
  struct Drawings: Decodable {
    let prompt: String
    let negativePrompt: String
    let width: Int
    let height: Int
    let steps: Int
    let guidance: Double
    let seed: UInt64
    let cases: [String: [String: Double]]
  }

  private static let tiny = Repository.golden.appending(path: "tiny-sdxl")

  private let model: ModelDirectory
  private let layers: AdaptableLayers
  private let folder: TemporaryDirectory
  private var file: URL { folder.url.appending(path: "lora.safetensors") }

  init() throws {
    model = try ModelDirectory(Self.tiny)
    layers = AdaptableLayers(model)
    folder = try TemporaryDirectory()
  }

  @Test(
    "The picture is that of diffusers within 2 of 255, merged or not",
    arguments: [
      "kohya-1", "kohya-0.7", "kohya-minus-0.5", "kohya-0", "kohya-diffusers-blocks", "diffusers",
      "diffusers-processors", "two",
    ])
  func pictures(_ name: String) throws {
    let golden = try Golden("adapters/pictures")
    let drawings = try golden.config(as: Drawings.self)
    let files = try #require(drawings.cases[name])
    var adapters = AdapterSet.sum(
      try files.map { name, strength in
        try AdapterFile(
          contentsOf: Repository.golden.appending(path: "adapters/\(name).safetensors")
        ).adapters(for: layers, strength: strength, device: .cpu)
      })
    let expected = try golden.tensor("out.\(name)").uint8s().map(Int.init)
    for isMerged in [false, true] {
      adapters.isMerged = isMerged
      let drawn = try draw(drawings, adapters)
      let worst = zip(drawn.pixels, expected).map { abs(Int($0) - $1) }.max() ?? 255
      #expect(drawn.pixels.count == expected.count)
      #expect(worst <= 2, "a byte differs by \(worst), merged: \(isMerged)")
    }
  }

  @Test(
    "A pipeline's strength multiplies the strengths of the files, as if they were read with it",
    arguments: [false, true])
  func pipelineStrength(isMerged: Bool) throws {
    let drawings = try Golden("adapters/pictures").config(as: Drawings.self)
    let files = ["kohya": 0.6, "diffusers": -0.4].sorted { $0.key < $1.key }
    func adapters(times factor: Double) throws -> AdapterSet {
      var set = AdapterSet.sum(
        try files.map { name, strength in
          try AdapterFile(
            contentsOf: Repository.golden.appending(path: "adapters/\(name).safetensors")
          ).adapters(for: layers, strength: strength * factor, device: .cpu)
        })
      set.isMerged = isMerged
      return set
    }
    let pipeline = StableDiffusionXLPipeline(
      model, adapters: try adapters(times: 1), residency: .everything)
    let own = try draw(drawings, with: pipeline).pixels
    for factor in [0.5, 2, 0] {
      try pipeline.setAdapterStrength(factor)
      let drawn = try draw(drawings, with: pipeline).pixels
      #expect(try drawn == draw(drawings, adapters(times: factor)).pixels)
      #expect(drawn != own)
    }
    try pipeline.setAdapterStrength(1)
    #expect(try draw(drawings, with: pipeline).pixels == own)
  }

  @Test("A float16 file of kohya adapts convolutions and both encoders, with its own alphas")
  func kohya() throws {
    let set = try AdapterFile(
      contentsOf: Repository.golden.appending(path: "adapters/kohya.safetensors")
    ).adapters(for: layers, strength: 2, device: .cpu)
    #expect(set.layers[.textEncoder]?.count == 18)
    #expect(set.layers[.textEncoder2]?.count == 18)
    let unet = try #require(set.layers[.unet])
    #expect(unet.count == 53)
    func lora(_ path: String) throws -> LoRA { try #require(unet[path]?.first as? LoRA) }
    let linear = try lora("mid_block.attentions.0.transformer_blocks.1.attn2.to_out.0")
    #expect(linear.scale == 0.75 && linear.strength == 2)
    #expect(linear.down.dtype == .float32 && linear.down.shape == [2, 32])
    let down = try lora("down_blocks.0.downsamplers.0.conv")
    #expect(down.down.shape == [2, 16, 3, 3] && down.up.shape == [16, 2, 1, 1])
    #expect(down.scale * down.strength == 1)
    #expect(unet["up_blocks.0.upsamplers.0.conv"] != nil)
    #expect(try lora("down_blocks.1.resnets.0.conv_shortcut").down.shape == [2, 16, 1, 1])
  }

  @Test("Merged and unmerged adapters of UNet and encoders give the same outputs within 1e-5")
  func merged() throws {
    var set = try AdapterFile(
      contentsOf: Repository.golden.appending(path: "adapters/kohya.safetensors")
    ).adapters(for: layers, strength: 1, device: .cpu)
    let unet = try model.loadUNet()
    let encoder = try model.loadTextEncoder2()
    func bytes() throws -> [[UInt8]] {
      try (unet.parameters() + encoder.parameters()).map { try $0.parameter.tensor.bytes() }
    }
    func outputs() throws -> [Tensor] {
      let text = try encoder([Array(0..<77)])
      let noise = try Generator(seed: 1).normal([1, 4, 8, 8])
      let states = try Generator(seed: 2).normal([1, 77, 64])
      let prediction = try unet(
        noise, timestep: Tensor([501] as [Float], shape: [1]), encoderHiddenStates: states,
        addedConditioning: AddedConditioning(
          textEmbeds: text.pooled,
          timeIds: Tensor([64, 64, 0, 0, 64, 64] as [Float], shape: [1, 6])))
      return [prediction, text.penultimate, text.pooled]
    }
    try noGrad {
      let own = try bytes()
      let base = try outputs()
      try set.attach(to: unet, as: .unet)
      try set.attach(to: encoder, as: .textEncoder2)
      let beside = try outputs()
      set.isMerged = true
      try set.attach(to: unet, as: .unet)
      try set.attach(to: encoder, as: .textEncoder2)
      #expect(try bytes() != own)
      for (one, other) in zip(try outputs(), beside) {
        #expect(try relativeDifference(one, other) < 1e-5)
      }
      for (one, other) in zip(base, beside) { #expect(try relativeDifference(one, other) > 0.01) }
      unet.unmergeAdapters()
      encoder.unmergeAdapters()
      #expect(try bytes() == own)
    }
  }

  @Test("A layer without alpha has alpha = rank, also if other layers have an alpha")
  func missingAlpha() throws {
    let query = "lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q"
    let key = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_k"
    try write(
      [query: [[4, 32], [32, 4]], key: [[4, 32, 1, 1], [32, 4, 1, 1]]],
      also: [("\(query).alpha", try .full([], value: 2))])
    let set = try AdapterFile(contentsOf: file).adapters(for: layers, strength: 1, device: .cpu)
    let block = "mid_block.attentions.0.transformer_blocks.0.attn1"
    func lora(_ layer: String) throws -> LoRA {
      try #require(set.layers[.unet]?["\(block).\(layer)"]?.first as? LoRA)
    }
    #expect(try lora("to_q").scale == 0.5)
    #expect(try lora("to_k").scale == 1)
    #expect(try lora("to_k").down.shape == [4, 32])
    try write([query: [[4, 32], [32, 4]]], also: [("\(query).alpha", try .full([2], value: 2))])
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        .contains("has an alpha of shape [2] for \(query)"))
  }

  @Test(
    "The error for methods that are not read names the method and its tensors",
    arguments: [
      ("w_norm", "changes of normalisation layers"), ("a1.weight", "GLoRA"),
      ("lambda_layer", "T-LoRA"), ("oft_diag", "OFT of another form"), ("ia3_l", "PEFT's IA3"),
    ])
  func otherMethods(_ tensor: String, _ method: String) throws {
    let layer = "lora_unet_mid_block_attentions_0_proj_in"
    try write(
      [layer: [[2, 32], [32, 2]]],
      also: try (0..<5).map { ("lora_unet_\($0).\(tensor)", try .zeros([32])) })
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file) }
        == "\(file.relativePath) has \(method) (lora_unet_0.\(tensor), "
        + "lora_unet_1.\(tensor), lora_unet_2.\(tensor) and 2 more), which is not read; use a LoRA, or "
        + "merge the file into its base model with the program that made it.")
  }

  @Test("The error for layers that the model lacks has their number and the first names")
  func otherModel() throws {
    let there = "lora_unet_input_blocks_4_1_proj_in"
    try write(
      Dictionary(
        uniqueKeysWithValues: (1...5).map {
          ("lora_unet_input_blocks_\($0)_9_proj_in", [[2, 9], [9, 2]])
        }
          + [(there, [[2, 24], [20, 2]])]))
    #expect(
      sentence {
        _ = try AdapterFile(contentsOf: file).adapters(for: layers, strength: 1, device: .cpu)
      }
        == "\(file.relativePath) does not fit this base model: of its 6 layers, 5 are missing "
        + "in the model (lora_unet_input_blocks_1_9_proj_in, lora_unet_input_blocks_2_9_proj_in, "
        + "lora_unet_input_blocks_3_9_proj_in and 2 more) and 1 have another size (\(there): "
        + "[20, 24] instead of [24, 24]); use the model that the LoRA was trained on.")
  }

  /// Writes a file in kohya's naming, with the shapes of each layer's matrices, down and up.
  private func write(
    _ layers: [String: [[Int]]], also: [(name: String, tensor: Tensor)] = []
  ) throws {
    let matrices = try layers.flatMap { name, shapes in
      [
        (name: "\(name).lora_down.weight", tensor: try Tensor.ones(shapes[0])),
        (name: "\(name).lora_up.weight", tensor: try Tensor.ones(shapes[1])),
      ]
    }
    try SafetensorsWriter.write(matrices + also, to: file)
  }

  private func draw(_ drawings: Drawings, _ adapters: AdapterSet) throws -> Picture {
    try drawings.draw(with: StableDiffusionXLPipeline(model, adapters: adapters))
  }

  private func draw(
    _ drawings: Drawings, with pipeline: StableDiffusionXLPipeline
  ) throws -> Picture {
    try drawings.draw(with: pipeline)
  }
}

extension AdapterNamingTests.Drawings {
  /// The picture that a pipeline draws with these options.
  func draw(with pipeline: StableDiffusionXLPipeline) throws -> Picture {
    let series = PictureSeries(
      prompt: prompt, negative: negativePrompt, width: width, height: height, steps: steps,
      guidance: guidance, seeds: [seed])
    var drawn: Picture?
    try pipeline.draw(series) { drawn = $1 }
    return try #require(drawn)
  }
}
