import Foundation
import NN
import TestSupport
import Testing
import Torch

@testable import StableDiffusion

/// Single-file models in the layout of SDXL's original implementation. The layout comes from
/// Tests/Golden/golden/single_file.py, which checks it with diffusers' own converters.
@Suite struct SingleFileTests {
  private static let tiny = Repository.golden.appending(path: "tiny-sdxl")

  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  @Test("Every weight of every part equals that of the folder, bit for bit")
  func weights() throws {
    let file = try ModelDirectory(SingleFileModel.tiny(in: folder.url))
    let directory = try ModelDirectory(Self.tiny)
    try file.checkWeights()
    #expect(try bytes(file.loadUNet()) == bytes(directory.loadUNet()))
    #expect(try bytes(file.loadVAE()) == bytes(directory.loadVAE()))
    #expect(try bytes(file.loadTextEncoder()) == bytes(directory.loadTextEncoder()))
    #expect(try bytes(file.loadTextEncoder2()) == bytes(directory.loadTextEncoder2()))
  }

  @Test("The pooled vector equals the reference's, which shows that the projection is transposed")
  func pooled() throws {
    let file = try ModelDirectory(SingleFileModel.tiny(in: folder.url))
    let golden = try Golden("models/text-encoder-2")
    let rows = try golden.input("input_ids")
    let ids = try rows.int64s().map(Int.init)
    let prompts = (0..<rows.shape[0]).map { Array(ids[($0 * 77)..<($0 * 77 + 77)]) }
    let output = try noGrad { try file.loadTextEncoder2()(prompts) }
    #expect(
      try relativeDifference(output.penultimate, golden.tensor("out.hidden_states")) < 1e-5)
    #expect(try relativeDifference(output.pooled, golden.tensor("out.text_embeds")) < 1e-5)
  }

  @Test("The same picture, byte for byte, from the file and from the folder")
  func picture() throws {
    func draw(_ model: ModelDirectory) throws -> Picture? {
      var drawn: Picture?
      let series = PictureSeries(
        prompt: "a photo of sks dog", negative: "blurry", width: 64, height: 64, steps: 3,
        guidance: 5, seeds: [3])
      try StableDiffusionXLPipeline(model).draw(series) { drawn = $1 }
      return drawn
    }
    let expected = try draw(ModelDirectory(Self.tiny))
    #expect(expected != nil)
    #expect(try draw(ModelDirectory(SingleFileModel.tiny(in: folder.url))) == expected)
  }

  @Test("SDXL's own file gives the published sizes, and its names match them one to one")
  func sdxl() throws {
    let file = try SingleFileModel.empty("sdxl", in: folder.url)
    let model = try ModelDirectory(file)
    #expect(try model.unet == published("keys/unet/config.json"))
    #expect(try model.vae == published("keys/vae/config.json"))
    #expect(try model.textEncoder == published("keys/text_encoder/config.json"))
    #expect(try model.textEncoder2 == published("keys/text_encoder_2/config.json"))
    #expect(model.scheduler.className == "EulerDiscreteScheduler")
    #expect(model.scheduler.predictionType == .epsilon)
    #expect(model.scheduler.timestepSpacing == .leading)
    #expect(model.scheduler.stepsOffset == 1)
    try model.checkWeights()
  }

  @Test("The refiner's file fits its published sizes, but is no base model")
  func refiner() throws {
    let file = try SingleFileModel.empty("refiner", in: folder.url)
    let checkpoint = try SingleFileCheckpoint(file)
    var unet = try checkpoint.unet(pooled: 1280)
    var expected: UNetConfiguration = try published("single-file/refiner-unet.config.json")
    try UNet2DConditionModel(unet).check(checkpoint.unetWeights(unet))
    // The weights of a level without attention do not show a depth.
    unet.transformerLayersPerBlock[0] = 4
    expected.additionTimeEmbedDim = 256
    #expect(unet == expected)
    #expect(
      try CLIPTextConfiguration(SizesOfWeights(checkpoint.textEncoder2Weights))
        == published("keys/text_encoder_2/config.json"))
    #expect(sentence { _ = try ModelDirectory(file) }.contains("this is a refiner"))
    let model = try ModelDirectory(file, as: .refiner)
    try model.checkWeights()
    #expect(model.role == .refiner && model.requiresAestheticsScore)
  }

  @Test("Empty tensors in a file mark v-prediction and zero terminal SNR")
  func velocity() throws {
    let tensors = try SingleFileModel.tinyTensors()
    func scheduler(_ names: String...) throws -> SchedulerConfiguration {
      let file = folder.url.appending(path: "\(names.count).safetensors")
      try SafetensorsWriter.write(
        tensors + names.map { (name: $0, tensor: try .zeros([0])) }, to: file)
      return try SingleFileCheckpoint(file).scheduler
    }
    #expect(try scheduler().predictionType == .epsilon)
    #expect(try scheduler("v_pred").predictionType == .vPrediction)
    #expect(try !scheduler("v_pred").rescaleBetasZeroSnr)
    let zero = try scheduler("v_pred", "ztsnr")
    #expect(zero.predictionType == .vPrediction && zero.rescaleBetasZeroSnr)
    #expect(zero.timestepSpacing == .trailing)
  }

  @Test("Missing, unexpected and misshapen tensors are errors that name them")
  func strict() throws {
    let name = "model.diffusion_model.middle_block.1.norm.weight"
    func problem(_ change: (inout [(name: String, tensor: Tensor)]) throws -> Void) throws -> String
    {
      var tensors = try SingleFileModel.tinyTensors()
      try change(&tensors)
      let file = try SingleFileModel.tiny(in: folder.url, tensors: tensors)
      return sentence { try ModelDirectory(file).checkWeights() }
    }
    #expect(try problem { _ in } == "")
    let missing = try problem { $0.removeAll { $0.name == name } }
    #expect(missing.contains("tiny.safetensors does not fit this model's configuration: 1 missing"))
    #expect(missing.contains("(mid_block.attentions.0.norm.weight)"))
    let inside = try problem { $0.append(("model.diffusion_model.extra.weight", try .zeros([1]))) }
    #expect(inside.contains("1 unexpected (extra.weight)"))
    let outside = try problem { $0.append(("lora.weight", try .zeros([1]))) }
    #expect(outside.contains("1 unexpected (lora.weight)"))
    let misshapen = try problem {
      $0.removeAll { $0.name == name }
      $0.append((name, try .zeros([31])))
    }
    #expect(misshapen.contains("1 of another shape (mid_block.attentions.0.norm.weight: [31]"))
    let projection = "conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_bias"
    let torn = try problem {
      $0.removeAll { $0.name == projection }
      $0.append((projection, try .zeros([119])))
    }
    #expect(torn.contains("self_attn.q_proj.bias: [119] instead of [40]"))
  }

  @Test("Another architecture and a width that SDXL does not have are reported")
  func other() throws {
    let file = folder.url.appending(path: "other.safetensors")
    try SafetensorsWriter.write(
      [("model.diffusion_model.input_blocks.0.0.weight", try .zeros([4, 4, 3, 3]))], to: file)
    #expect(
      sentence { _ = try ModelDirectory(file) }.contains("it contains no first_stage_model.*"))
    let bare = folder.url.appending(path: "bare.safetensors")
    try SafetensorsWriter.write(SingleFileModel.tinyTensors(), to: bare)
    let problem = sentence { _ = try ModelDirectory(bare) }
    #expect(problem.contains("a layer is 24 wide, which is not a multiple of 64"), "\(problem)")
    #expect(problem.contains("bare.config, in diffusers' layout"))
  }

  @Test("The files of a part are the single file and its configuration")
  func files() throws {
    let model = try ModelDirectory(SingleFileModel.tiny(in: folder.url))
    func names(_ part: ModelDirectory.Component) throws -> [String] {
      try model.files(of: part).map(\.lastPathComponent)
    }
    #expect(try names(.unet) == ["config.json", "tiny.safetensors"])
    #expect(try names(.tokenizer).contains("merges.txt"))
    #expect(try names(.scheduler) == ["scheduler_config.json"])
    let bare = try ModelDirectory(SingleFileModel.empty("sdxl", in: folder.url))
    #expect(try bare.files(of: .unet).map(\.lastPathComponent) == ["sdxl.safetensors"])
    #expect(try bare.files(of: .tokenizer2) == [])
  }

  private func published<Configuration: Decodable>(_ path: String) throws -> Configuration {
    try ConfigurationFile.decode(from: Repository.golden.appending(path: path))
  }

  private func bytes(_ module: any Module) throws -> [[UInt8]] {
    try module.parameters().map { try $0.parameter.tensor.bytes() }
  }

  private func sentence(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }
}
