import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Datasets
@testable import Drawing
@testable import Training

@Suite("Identity of a run's data")
struct RunIdentityTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  @Test("problems of a dataset are reported before the model's weights are read")
  func datasetFirst() throws {
    let training = try TinyTraining()
    try training.copyModel()
    let before = try training.setup().identity
    try FileManager.default.removeItem(at: training.caches)
    let weights = training.model.appending(path: "vae/diffusion_pytorch_model.safetensors")
    var reported: [String] = []
    let setup = try TrainingSetup(
      config: TinyTraining.config(),
      dataset: .load(directory: training.dataset, subject: "dog"),
      model: ModelDirectory(training.model), caches: training.caches
    ) { problem in
      reported.append("\(problem)")
      guard reported.count == 1 else { return }
      // Files hashed after this have the new content.
      #expect(throws: Never.self) { try damageLastByte(of: weights) }
      #expect(!FileManager.default.fileExists(atPath: training.caches.path))
    }
    #expect(reported.count == 2 && reported[0].hasPrefix("2.png: no caption in a .txt file"))
    #expect(reported[1].hasPrefix("1.png (36 %): more than a quarter of the image is cut off"))
    #expect(
      setup.identity.differences(from: before).map { withoutHashes($0.description) }
        == ["base model's vae: content # -> #"])
  }

  @Test("an unchanged dataset has no differences, also after encoding and decoding")
  func same() throws {
    let identity = try training.setup().identity
    let data = try JSONEncoder().encode(identity)
    let recorded = try JSONDecoder().decode(RunIdentity.self, from: data)
    #expect(try training.setup().identity.differences(from: recorded).isEmpty)
    #expect(identity.images.map(\.file) == ["0.png", "1.png", "2.png"])
    #expect(identity.model.count == 7)
  }

  @Test("a state's keys are in snake_case")
  func keys() throws {
    var identity = try training.setup().identity
    (identity.classImages, identity.validation) = (identity.images, identity.images)
    let json = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(identity)) as? [String: Any])
    #expect(json.keys.sorted() == ["class_images", "held_out", "images", "model"])
  }

  @Test("changed, added and removed images and changed captions are differences")
  func images() throws {
    let recorded = try training.setup().identity
    try training.writeImage("0.png", width: 80, height: 64, seed: 9)
    try training.writeImage("3.png", width: 64, height: 64, seed: 3)
    try FileManager.default.removeItem(at: training.dataset.appending(path: "2.png"))
    try Data("a dog".utf8).write(to: training.dataset.appending(path: "1.txt"))
    #expect(
      try training.setup().identity.differences(from: recorded).map {
        "\($0.key): \(withoutHashes($0.description))"
      } == [
        "dataset: image 0.png: content # -> #",
        "captions: caption of 1.png: \"sks dog on the beach\" -> \"a dog\"",
        "dataset: image 2.png: removed", "dataset: image 3.png: added",
      ])
  }

  @Test(
    "each part of the base model that differs is a difference",
    arguments: [
      ("unet/diffusion_pytorch_model.safetensors", "unet"),
      ("vae/config.json", "vae"),
      ("text_encoder/model.safetensors", "text_encoder"),
      ("text_encoder_2/model.safetensors", "text_encoder_2"),
      ("tokenizer/merges.txt", "tokenizer"),
      ("tokenizer_2/vocab.json", "tokenizer_2"),
      ("scheduler/scheduler_config.json", "scheduler"),
    ])
  func model(file: String, part: String) throws {
    try training.copyModel()
    let recorded = try training.setup().identity
    let url = training.model.appending(path: file)
    // White space at the end of JSON and text changes the bytes, but not the meaning.
    if file.hasSuffix(".safetensors") {
      try damageLastByte(of: url)
    } else {
      try (Data(contentsOf: url) + Data("\n".utf8)).write(to: url)
    }
    #expect(
      try training.setup().identity.differences(from: recorded).map {
        withoutHashes($0.description)
      } == ["base model's \(part): content # -> #"])
  }

  @Test("files of a variant that is not loaded are ignored")
  func otherVariant() throws {
    try training.copyModel()
    let recorded = try training.setup().identity
    for file in ["diffusion_pytorch_model.fp16", "diffusion_pytorch_model.non_ema"] {
      try Data("none".utf8).write(
        to: training.model.appending(path: "unet/\(file).safetensors"))
    }
    try Data("{}".utf8).write(
      to: training.model.appending(
        path: "unet/diffusion_pytorch_model.safetensors.index.fp16.json"))
    #expect(try training.setup().identity == recorded)
    let store = try String(
      contentsOf: training.caches.appending(path: "file-hashes.json"), encoding: .utf8)
    #expect(!store.contains("fp16") && !store.contains("non_ema"))
  }
}

@Suite("Training setup")
struct TrainingSetupTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  @Test("options that the configuration leaves unset are resolved")
  func settled() throws {
    var config = TrainingConfig()
    config.subject = "dog"
    config.device = .cpu
    let setup = try training.setup(config)
    #expect(setup.resolution == 128 && setup.config.resolution == 128)
    #expect(setup.dtype == .float32 && setup.config.precision == .fp32)
    #expect(setup.device == .cpu && setup.config.device == .cpu)
    #expect((setup.config.threads ?? 0) > 0)
    #expect(setup.config.samplePrompts == ["a photo of dog"])
    #expect(setup.config.gradientCheckpointing == false)
  }

  @Test("options that the configuration sets are kept")
  func kept() throws {
    let config = TinyTraining.config { config in
      config.precision = .bf16
      config.samplePrompts = ["a dog"]
      config.validationImages = 0
      config.gradientCheckpointing = true
      config.checkpointingExtent = .feedForward
    }
    let setup = try training.setup(config)
    #expect(setup.config == config)
    #expect(setup.dtype == .bfloat16 && setup.resolution == 64)
  }

  @Test("a size that does not fit the base model is an error")
  func resolution() {
    #expect(
      sentence { _ = try training.setup(TinyTraining.config { $0.resolution = 68 }) }
        == "resolution is 68, but must be a multiple of 8 for this base model.")
  }

  @Test("an unknown sampler is an error before training, unless nothing is drawn")
  func sampler() throws {
    try training.copyModel()
    let url = training.model.appending(path: "scheduler/scheduler_config.json")
    let text = try String(contentsOf: url, encoding: .utf8)
    try text.replacing("EulerDiscreteScheduler", with: "OtherScheduler").write(
      to: url, atomically: true, encoding: .utf8)
    _ = try training.setup()
    let message = sentence { _ = try training.setup(TinyTraining.config { $0.sampleEvery = 1 }) }
    #expect(message.contains("OtherScheduler"))
  }

  @Test("enlarged images and truncated captions are reported")
  func problems() throws {
    let words = Array(repeating: "dog", count: 80).joined(separator: " ")
    try Data(words.utf8).write(to: training.dataset.appending(path: "1.txt"))
    let setup = try training.setup(TinyTraining.config { $0.resolution = 128 })
    let texts = setup.problems.map(\.description)
    #expect(texts.contains { $0.hasPrefix("0.png: 80x64 is enlarged 2.00 times to cover 128x128") })
    let cut = try #require(texts.first { $0.hasPrefix("1.png: the caption is longer than 75 ") })
    #expect(cut.hasSuffix("dog\" is cut off"))
    #expect(try setup.problems.count - training.setup().problems.count == 3)
  }

  @Test("number formats of the precisions")
  func precisions() {
    #expect([Precision.fp32, .bf16, .fp16].map(\.dtype) == [.float32, .bfloat16, .float16])
    #expect(Precision.standard(on: .cpu) == .fp32)
    #expect(Precision.standard(on: .cuda()) == .bf16)
  }

  @Test("the error for a missing GPU has the number of GPUs")
  func device() throws {
    let count = Device.cudaCount
    #expect(try DeviceChoice.cpu.resolve() == .cpu)
    #expect(try DeviceChoice.auto.resolve() == (count > 0 ? .cuda(0) : .cpu))
    let message = sentence { _ = try DeviceChoice.cuda(99).resolve() }
    #expect(message.hasPrefix("The device cuda:99 is not available: libtorch finds "))
    #expect(
      DeviceError.noDevice(asked: "cuda:0", cudaDevices: 0).description
        == "The device cuda:0 is not available: libtorch finds no CUDA GPU; use `device: cpu`, or a "
        + "CUDA libtorch and driver.")
    #expect(
      DeviceError.noDevice(asked: "cuda:2", cudaDevices: 1).description
        .hasSuffix("libtorch finds 1 CUDA GPU, cuda:0."))
    #expect(
      DeviceError.noDevice(asked: "cuda:2", cudaDevices: 2).description
        .hasSuffix("libtorch finds 2 CUDA GPUs, cuda:0 to cuda:1."))
  }
}
