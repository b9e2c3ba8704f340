import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

extension CUDATests {
  @Suite("single steps")
  struct Steps {
    private let stepper: TinyStep

    init() throws { stepper = try TinyStep(on: device) }

    @Test("An infinite input is an error that names file, step and timestep, and changes nothing")
    func lossNotFinite() throws {
      let before = try stepper.trained.map { try $0.bytes() }
      let step = try stepper.step { pass in
        pass.instances.noise = try .full(pass.instances.noise.shape, value: .infinity)
      }
      var scaler = LossScaler()
      #expect(
        sentence { _ = try step(1, scaler: &scaler, checkStop: {}) }
          == "The loss of step 2 (500.png at timestep 500) is not finite; lower the learning rate, "
          + "or train in bf16 or fp32.")
      #expect(try stepper.trained.map { try $0.bytes() } == before)
    }

    @Test("An overflow of scaled gradients skips the step and halves the scale; then steps go on")
    func overflow() throws {
      let before = try stepper.trained.map { try $0.bytes() }
      let step = try stepper.step(scalesLoss: true)
      var scaler = LossScaler()
      let first = stepper.trained[0]
      try first.setGrad(.full(first.shape, value: .infinity, device: device))
      let skipped = try step(0, scaler: &scaler, checkStop: {})
      #expect(skipped.gradNorm == nil && skipped.loss.isFinite && scaler.scale == 32768)
      #expect(try stepper.trained.map { try $0.bytes() } == before)
      let next = try step(0, scaler: &scaler, checkStop: {})
      #expect(next.gradNorm != nil && scaler.scale == 32768)
      #expect(try stepper.trained.map { try $0.bytes() } != before)
    }

    @Test("An error on autograd's own thread is thrown with its description")
    func errorInBackward() throws {
      struct Planned: Error, CustomStringConvertible { let description = "planned" }
      let message = sentence { try recompute { throw Planned() } }
      #expect(message.contains("planned"))
    }

    @Test(
      "Memory that runs out inside a backward pass or a recompute is typed, and the next step works"
    )
    func outOfMemory() throws {
      let reference = try stepper.losses()
      let attempts: [() throws -> Void] = [
        { _ = try Tensor.empty([1 << 44], device: device) },
        // The gradient of a selected element is as large as the tensor it is selected from.
        {
          let leaf = try Tensor.ones([1], device: device)
          try leaf.setRequiresGrad(true)
          try leaf.expand([1 << 44]).select(dim: 0, index: 0).backward()
        },
        { try recompute { _ = try Tensor.empty([1 << 44], device: device) } },
      ]
      for attempt in attempts {
        do {
          try attempt()
          Issue.record("no machine has 64 TiB of memory")
        } catch let error as TorchError {
          #expect(error.isOutOfMemory, "\(error)")
        }
        #expect(try areClose(TinyStep(on: device).losses(), reference))
      }
    }

    /// Runs a backward pass that recomputes a value, and `body` inside the recompute.
    private func recompute(_ body: @escaping () throws -> Void) throws {
      let leaf = try Tensor.ones([4], device: device)
      try leaf.setRequiresGrad(true)
      var runs = 0
      let output = try checkpoint([leaf], trained: []) { inputs in
        runs += 1
        if runs == 2 { try body() }
        return try inputs[0] * 2
      }
      defer { #expect(runs == 2) }
      try output.sum().backward()
    }
  }
}

/// Whether losses are equal but for the order of sums, which kernels of a GPU may change.
func areClose(_ losses: [Double], _ others: [Double]) -> Bool {
  losses.count == others.count
    && zip(losses, others).allSatisfy { abs($0 - $1) <= 1e-5 * abs($1) }
}

/// Optimizer steps of adapters of the small random UNet with fixed inputs.
struct TinyStep {
  let trained: [Tensor]
  private let unet: UNet2DConditionModel
  private let model: ModelDirectory
  private let device: Device
  private let fusion: AdapterFusion

  init(on device: Device) throws {
    self.device = device
    model = try CUDATests.tinyModel()
    unet = try model.loadUNet(device: device)
    trained = try unet.attachAdapters(
      LoRA.self, targets: ["to_q"], settings: AdapterSettings(rank: 1, alpha: 1)
    ) { _ in try Generator(seed: 1) }.flatMap(\.tensors).map(\.tensor)
    for tensor in trained { try tensor.copy(from: .full(tensor.shape, value: 0.1)) }
    fusion = try unet.fuseAdapters()
    unet.setGradientCheckpointing(true)
  }

  /// A step; `change` changes its inputs.
  func step(
    scalesLoss: Bool = false, change: @escaping (inout TrainingPass) throws -> Void = { _ in }
  ) throws -> OptimizerStep {
    let group = ParameterGroup(
      "unet", trained.enumerated().map { ("\($0)", $1) }, learningRate: 1e-3)
    return OptimizerStep(
      unet: unet,
      objective: Objective(
        schedule: NoiseSchedule(model.scheduler), minSNRGamma: nil, device: device),
      pass: { _, _ in
        var pass = try OptimizerStepTests.pass()
        try change(&pass)
        return pass
      },
      optimizer: try OptimizerKind.standard.optimizer(of: [group], settings: OptimizerSettings()),
      schedule: LearningRateSchedule(.constant, warmupSteps: 0, steps: 2), config: TrainingConfig(),
      scalesLoss: scalesLoss, fusion: fusion)
  }

  /// The losses of two steps.
  func losses() throws -> [Double] {
    let step = try step()
    var scaler = LossScaler()
    return try [0, 1].map { try step($0, scaler: &scaler, checkStop: {}).loss }
  }
}
