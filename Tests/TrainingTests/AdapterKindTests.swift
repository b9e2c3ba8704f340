import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters
@testable import Datasets
@testable import Training

/// A kind of adapter that is declared only in this file. It scales each output channel by `1 +
/// gain`. Unlike LoRA, it replaces the layer's output, its delta depends on the weight, and it has
/// one tensor and no rank.
private struct Gain: TrainableAdapterKind {
  static let fileNames = ["gain": "gain", "channel_gain": "gain"]

  /// `[out]`.
  let gain: Tensor
  var strength = 1.0

  var tensors: [(name: String, tensor: Tensor)] { [("gain", gain)] }

  static func make(
    for weight: Tensor, settings: AdapterSettings, generator: Generator
  ) throws -> any TrainableAdapterKind {
    Gain(gain: try .zeros([weight.shape[0]], device: weight.device))
  }

  static func memory(of shape: [Int], settings: AdapterSettings) -> AdapterMemory {
    AdapterMemory(trained: shape[0], keptForEachRow: shape[0])
  }

  init(gain: Tensor, strength: Double = 1) {
    self.gain = gain
    self.strength = strength
  }

  init(_ stored: StoredAdapter) throws { gain = try stored.require("gain")[0] }

  var rank: Int? { nil }
  var alpha: Double? { nil }

  func foldingAlpha() throws -> Gain { Gain(gain: try gain * strength) }

  func mapTensors(_ change: (Tensor) throws -> Tensor) throws -> Gain {
    Gain(gain: try change(gain), strength: strength)
  }

  func fitted(to shape: [Int], on device: Device) throws -> Gain {
    guard gain.shape == [shape[0]] else { throw AdapterError.otherWeight(gain.shape) }
    return Gain(gain: try gain.to(.float32).to(device), strength: strength)
  }

  func output(of call: LayerCall) throws -> Tensor {
    func channels(_ values: Tensor) throws -> Tensor {
      try values.reshape([-1] + call.weight.shape.dropFirst(2).map { _ in 1 })
    }
    let bias = try call.bias.map(channels) ?? .zeros([1])
    let factor = try channels(gain * strength).to(call.output.dtype)
    // Without a gain, this is the output to the last bit; (output - bias) * (1 + gain) + bias is not.
    return try call.output + (call.output - bias) * factor
  }

  func limitNorm(to limit: Double) throws { try gain.copy(from: gain.clamp(max: limit)) }

  func delta(of weight: Tensor) throws -> Tensor {
    let rows = try gain.reshape([-1] + weight.shape.dropFirst().map { _ in 1 })
    return try weight.to(.float32) * rows * strength
  }
}

/// The same adapter, with the protocol's default output, which uses the delta.
private struct GainByDelta: Adapter {
  var gain: Gain
  var tensors: [(name: String, tensor: Tensor)] { gain.tensors }
  var strength: Double {
    get { gain.strength }
    set { gain.strength = newValue }
  }

  func delta(of weight: Tensor) throws -> Tensor { try gain.delta(of: weight) }
}

@Suite("A kind of adapter declared in one file")
struct AdapterKindTests {
  /// Linear layers with and without bias, and convolutions.
  private static let targets = ["to_q", "net.2", "conv2", "downsamplers.0.conv"]

  private let training: TinyTraining
  private let model: ModelDirectory
  private let unet: UNet2DConditionModel
  private let sites: [AdapterSite]
  private let optimizer: any Optimizer

  init() throws {
    training = try TinyTraining()
    model = try ModelDirectory(training.model)
    unet = try model.loadUNet()
    (sites, optimizer) = try Self.attached(to: unet)
  }

  private static func attached(
    to unet: UNet2DConditionModel
  ) throws -> (sites: [AdapterSite], optimizer: any Optimizer) {
    let sites = try unet.attachAdapters(
      Gain.self, targets: targets, settings: AdapterSettings(rank: 1, alpha: 1)
    ) { try Generator(seed: UInt64($0)) }
    unet.setGradientCheckpointing(true)
    let group = ParameterGroup("unet", sites.flatMap(\.tensors), learningRate: 1e-2)
    return (
      sites,
      try OptimizerKind.standard.optimizer(of: [group], settings: OptimizerSettings())
    )
  }

  private func train(
    _ unet: UNet2DConditionModel, _ optimizer: any Optimizer, steps: Range<Int>
  ) throws -> [Double] {
    let step = OptimizerStep(
      unet: unet,
      objective: Objective(schedule: NoiseSchedule(model.scheduler), minSNRGamma: nil),
      pass: { step, _ in try OptimizerStepTests.pass([100 + 200 * step]) }, optimizer: optimizer,
      schedule: LearningRateSchedule(.constant, warmupSteps: 0, steps: 4),
      config: TinyTraining.config(), scalesLoss: false)
    var scaler = LossScaler()
    return try steps.map { try step($0, scaler: &scaler, checkStop: {}).loss }
  }

  private func predict(_ unet: UNet2DConditionModel) throws -> Tensor {
    try noGrad {
      let pass = try OptimizerStepTests.pass()
      let batch = pass.batches[0]
      return try unet(
        batch.latents, timestep: Tensor([501] as [Float], shape: [1]),
        encoderHiddenStates: batch.embeds,
        addedConditioning: AddedConditioning(textEmbeds: batch.pooled, timeIds: batch.timeIds))
    }
  }

  @Test("it attaches to linear layers and convolutions, changes nothing at first, and is trained")
  func trained() throws {
    let shapes = Set(sites.map { $0.tensors[0].tensor.shape.count })
    #expect(shapes == [1] && sites.count > 40)
    #expect(sites.contains { $0.path.hasSuffix("conv2") })
    #expect(try predict(unet).bytes() == predict(model.loadUNet()).bytes())
    #expect(try train(unet, optimizer, steps: 0..<1).allSatisfy(\.isFinite))
    for (name, tensor) in sites.flatMap(\.tensors) {
      #expect(try tensor.detach().abs().max().item() > 0, "\(name)")
    }
    let base = try model.loadUNet().parameters().map { try $0.parameter.tensor.bytes() }
    #expect(try unet.parameters().map { try $0.parameter.tensor.bytes() } == base)
  }

  @Test("merged and unmerged outputs agree within 1e-5 at any strength, also together with a LoRA")
  func merged() throws {
    _ = try train(unet, optimizer, steps: 0..<2)
    let base = try predict(model.loadUNet())
    let gains = AdapterSet([
      .unet: Dictionary(uniqueKeysWithValues: sites.map { ($0.path, $0.adapter) })
    ])
    let lora = try loRA()
    var gainsByDelta = gains.layers[.unet, default: [:]].compactMapValues { adapters in
      (adapters.first as? Gain).map { GainByDelta(gain: $0) as any Adapter }
    }
    #expect(gainsByDelta.count == sites.count)
    unet.setAdapters(gainsByDelta)
    let byDelta = try predict(unet)
    gainsByDelta = [:]
    for adapters in [gains, .sum([gains, lora]), .sum([lora, gains])] {
      for strength in [1, -0.5] {
        var set = adapters
        set.strength = strength
        try set.attach(to: unet, as: .unet)
        let beside = try predict(unet)
        set.isMerged = true
        try set.attach(to: unet, as: .unet)
        #expect(try relativeDifference(predict(unet), beside) < 1e-5)
        #expect(try relativeDifference(beside, base) > 1e-3)
      }
    }
    try gains.attach(to: unet, as: .unet)
    #expect(try relativeDifference(byDelta, predict(unet)) < 1e-5)
  }

  /// A LoRA, on layers with and without a gain.
  private func loRA() throws -> AdapterSet {
    let other = try model.loadUNet()
    let sites = try other.attachAdapters(
      LoRA.self, targets: ["to_q", "to_k", "conv2"], settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }
    for (index, site) in sites.enumerated() {
      let up = try #require(site.adapter as? LoRA).up
      try noGrad { try up.copy(from: Generator(seed: UInt64(100 + index)).normal(up.shape) * 0.1) }
    }
    return AdapterSet([
      .unet: Dictionary(uniqueKeysWithValues: sites.map { ($0.path, $0.adapter) })
    ])
  }

  @Test("it is saved in a checkpoint, resumed exactly, and read from the adapter file")
  func checkpointed() throws {
    _ = try train(unet, optimizer, steps: 0..<2)
    let config = TinyTraining.config()
    let kinds = AdapterKinds.all + [Gain.self]
    let parts = { (sites: [AdapterSite], optimizer: any Optimizer) in
      [
        try CheckpointPart.adapter(
          sites, of: AdaptableLayers(model), kinds: kinds, metadata: { _ in ["k": "v"] }),
        CheckpointPart.optimizer(optimizer),
      ]
    }
    let state = TrainingState(
      run: 1, step: 2, loss: nil, config: config, identity: try training.setup(config).identity,
      lossScaler: LossScaler(), libtorch: Backend.version, validation: nil, resumes: nil,
      history: .empty)
    let checkpoint = try CheckpointFolder.write(
      CheckpointContents(state, parts: parts(sites, optimizer)), in: training.runFolder(1).url
    ).checkpoint

    let resumed = try model.loadUNet()
    let (resumedSites, resumedOptimizer) = try Self.attached(to: resumed)
    for part in try parts(resumedSites, resumedOptimizer) { try part.restore(from: checkpoint) }
    #expect(
      try train(resumed, resumedOptimizer, steps: 2..<4) == train(unet, optimizer, steps: 2..<4))
    #expect(
      try resumedSites.flatMap(\.tensors).map { try $0.tensor.bytes() }
        == sites.flatMap(\.tensors).map { try $0.tensor.bytes() })

    for part in try parts(sites, optimizer) { try part.restore(from: checkpoint) }
    let trained = try predict(unet)
    let file = try AdapterFile(contentsOf: checkpoint.adapter, kinds: kinds)
    let read = try model.loadUNet()
    try file.adapters(for: AdaptableLayers(model), strength: 1, device: .cpu)
      .attach(to: read, as: .unet)
    #expect(try predict(read).bytes() == trained.bytes())
    #expect(
      sentence { _ = try AdapterFile(contentsOf: checkpoint.adapter) }
        .contains("not part of a LoRA in the naming of diffusers, PEFT or kohya"))
  }

  @Test(
    "it is read under all its names; tensors of two kinds in a layer are an error")
  func names() throws {
    let file = training.folder.url.appending(path: "adapter.safetensors")
    let kinds = AdapterKinds.all + [Gain.self]
    try SafetensorsWriter.write(
      [
        ("unet.a.channel_gain", Tensor.ones([4])),
        ("unet.b.lora_A.weight", Tensor.ones([1, 3])),
        ("unet.b.lora_B.weight", Tensor.ones([4, 1])),
      ], to: file)
    let layers = try AdapterFile(contentsOf: file, kinds: kinds).layers
    #expect(layers[.path("a", in: .unet)] is Gain && layers[.path("b", in: .unet)] is LoRA)
    try SafetensorsWriter.write(
      [("unet.a.gain", Tensor.ones([4])), ("unet.a.lora_A.weight", Tensor.ones([1, 3]))], to: file)
    #expect(
      sentence { _ = try AdapterFile(contentsOf: file, kinds: kinds) }
        == "\(file.relativePath) has tensors of more than one adapter for unet.a (gain, "
        + "lora_A.weight); use a file with one adapter for each layer.")
  }
}
