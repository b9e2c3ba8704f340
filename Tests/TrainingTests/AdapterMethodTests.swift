import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Adapters
@testable import Training

/// Checkpoints of adapters of every method.
@Suite("Checkpoints of each adapter method")
struct AdapterMethodTests {
  private let training: TinyTraining
  private let model: ModelDirectory

  init() throws {
    training = try TinyTraining()
    model = try ModelDirectory(training.model)
  }

  /// Methods with what differs of their settings.
  enum Variant: String, CaseIterable, Sendable {
    case lora, rslora, dora, loha, lokr, lokrBoth, pissa, dorakaiming

    var method: AdapterMethod {
      switch self {
      case .lokrBoth: .lokr
      case .pissa: .lora
      case .dorakaiming: .dora
      default: AdapterMethod(rawValue: rawValue) ?? .lora
      }
    }

    var settings: AdapterSettings {
      var settings = AdapterSettings(rank: 2, alpha: 3)
      settings.decomposesBoth = self == .lokrBoth
      settings.initialization = self == .pissa ? .pissa : self == .dorakaiming ? .kaiming : nil
      return method.settings(settings)
    }
  }

  private func attached(
    _ variant: Variant, to unet: UNet2DConditionModel
  ) throws -> (sites: [AdapterSite], optimizer: any Optimizer) {
    let sites = try unet.attachAdapters(
      variant.method.kind, targets: ["to_q", "net.2", "conv2", "downsamplers.0.conv"],
      settings: variant.settings
    ) { try Generator(seed: UInt64($0)) }
    unet.setGradientCheckpointing(true)
    let group = ParameterGroup("unet", sites.flatMap(\.tensors), learningRate: 1e-2)
    return (
      sites, try OptimizerKind.standard.optimizer(of: [group], settings: OptimizerSettings())
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
      let batch = try OptimizerStepTests.pass().batches[0]
      return try unet(
        batch.latents, timestep: Tensor([501] as [Float], shape: [1]),
        encoderHiddenStates: batch.embeds,
        addedConditioning: AddedConditioning(textEmbeds: batch.pooled, timeIds: batch.timeIds))
    }
  }

  @Test(
    "A training resumed from one goes on to the last bit, and its file draws what was trained",
    arguments: Variant.allCases)
  func resumed(_ variant: Variant) throws {
    let unet = try model.loadUNet()
    let (sites, optimizer) = try attached(variant, to: unet)
    func parts(_ sites: [AdapterSite], _ optimizer: any Optimizer) throws -> [CheckpointPart] {
      [
        try .adapter(sites, of: AdaptableLayers(model), metadata: { _ in ["k": "v"] }),
        .optimizer(optimizer),
      ]
    }
    let saved = try parts(sites, optimizer)
    #expect(try train(unet, optimizer, steps: 0..<2).allSatisfy(\.isFinite))
    let state = TrainingState(
      run: 1, step: 2, loss: nil, config: TinyTraining.config(),
      identity: try training.setup(TinyTraining.config()).identity, lossScaler: LossScaler(),
      libtorch: Backend.version, validation: nil, resumes: nil, history: .empty)
    let checkpoint = try CheckpointFolder.write(
      CheckpointContents(state, parts: saved), in: training.runFolder(1).url
    ).checkpoint
    let trained = try predict(unet)
    #expect(try relativeDifference(predict(model.loadUNet()), trained) > 1e-3)

    let drawn = try model.loadUNet()
    try AdapterFile(contentsOf: checkpoint.adapter)
      .adapters(for: AdaptableLayers(model), strength: 1, device: .cpu)
      .attach(to: drawn, as: .unet)
    let read = try predict(drawn)
    if variant == .pissa {
      #expect(try relativeDifference(read, trained) < 1e-5)
    } else {
      #expect(try read.bytes() == trained.bytes())
    }

    let resumed = try model.loadUNet()
    let (resumedSites, resumedOptimizer) = try attached(variant, to: resumed)
    for part in try parts(resumedSites, resumedOptimizer) { try part.restore(from: checkpoint) }
    #expect(
      try train(resumed, resumedOptimizer, steps: 2..<4) == train(unet, optimizer, steps: 2..<4))
    #expect(
      try resumedSites.flatMap(\.tensors).map { try $0.tensor.bytes() }
        == sites.flatMap(\.tensors).map { try $0.tensor.bytes() })
    #expect(try predict(resumed).bytes() == predict(unet).bytes())
  }

  @Test("A checkpoint of another method is refused")
  func otherMethod() throws {
    let (sites, optimizer) = try attached(.loha, to: model.loadUNet())
    let other = try attached(.lokr, to: model.loadUNet()).sites
    let state = TrainingState(
      run: 1, step: 2, loss: nil, config: TinyTraining.config(),
      identity: try training.setup(TinyTraining.config()).identity, lossScaler: LossScaler(),
      libtorch: Backend.version, validation: nil, resumes: nil, history: .empty)
    let part = try CheckpointPart.adapter(
      sites, of: AdaptableLayers(model), metadata: { _ in [:] })
    let checkpoint = try CheckpointFolder.write(
      CheckpointContents(state, parts: [part, .optimizer(optimizer)]), in: training.runFolder(1).url
    ).checkpoint
    #expect(
      sentence {
        try CheckpointPart.adapter(other, of: AdaptableLayers(model), metadata: { _ in [:] })
          .restore(from: checkpoint)
      }.contains("is not the run's"))
  }
}
