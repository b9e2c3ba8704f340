import Drawing
import Foundation
import NN
import Options
import Training

/// Rules that several programs share.
extension ImportDraft {
  /// The base model, as an installed model or a path.
  mutating func setModel(_ setting: ForeignSetting?) {
    guard let setting, !setting.value.isOff else { return }
    let model = setting.value.text
    let isHere = FileManager.default.fileExists(atPath: model)
    if model.lowercased() == "stabilityai/stable-diffusion-xl-base-1.0" {
      set(\.$model, to: BaseModels.standard[0])
    } else if [".ckpt", ".pt", ".bin"].contains(where: model.lowercased().hasSuffix) {
      note(setting, .noCounterpart, "pickled weights are not read; convert them to .safetensors")
    } else if !isHere, !model.hasSuffix(".safetensors"),
      let name = model.wholeMatch(of: /[\w.-]+\/([\w.-]+)/)?.1
    {
      set(\.$model, to: String(name))
      note(
        setting, .approximated,
        "\(name) is the name that lora-train models pull \(model) installs it under")
    } else {
      set(\.$model, to: model)
      if !isHere {
        note(setting, .approximated, "it is not on this machine; set model to its path here")
      }
    }
  }

  /// The folder of TensorBoard's event files, if one is set or the tracker is TensorBoard.
  mutating func setTensorBoard(_ folder: ForeignSetting?, tracker: ForeignSetting?) {
    let isTracked = tracker.map { ["tensorboard", "all"].contains($0.value.text.lowercased()) }
    if let tracker, isTracked == false, !tracker.value.isOff {
      note(tracker, .notNeeded, "runs and their losses are kept in a database")
    }
    guard isTracked ?? (folder?.value.isOff == false) else {
      if let folder { note(folder, .notNeeded, "TensorBoard is not used") }
      return
    }
    set(\.$tensorboard, to: folder?.value.text ?? "logs")
  }

  /// The shape of the learning rate.
  ///
  /// - Parameters:
  ///   - setting: The name of the shape.
  ///   - steps: The number of steps of the warm-up; nil: it is not known.
  ///   - warmUp: The setting that it comes from.
  mutating func setSchedule(
    _ setting: ForeignSetting?, steps: Int?, warmUp: ForeignSetting?
  ) {
    let name = setting?.value.text ?? "constant"
    let shapes: [String: LearningRateSchedule.Shape] = [
      "constant": .constant, "constant_with_warmup": .constant, "cosine": .cosine,
      "linear": .linear, "cosine_with_restarts": .cosineWithRestarts,
      "polynomial": .polynomial, "rex": .rex,
    ]
    let needsNone = config.optimization.optimizer == .scheduleFreeAdamW
    let shape = needsNone ? .constant : shapes[name]
    set(\.optimization.$learningRateSchedule, to: shape ?? .constant)
    if let setting, needsNone, shapes[name] != .constant {
      note(setting, .notNeeded, "adamw-schedule-free needs no schedule")
    } else if let setting, shape == nil {
      note(
        setting, .noCounterpart, "this schedule is not available; the learning rate is constant")
    }
    if name != "constant" {
      guard let steps else { return }
      let most = config.epochs == nil ? config.steps : Int.max
      set(\.optimization.$learningRateWarmupSteps, to: min(max(0, steps), most))
    } else if let warmUp {
      note(warmUp, .notNeeded, "the schedule constant has no warm-up, there and here")
    }
  }

  /// The learning rate, if the optimizer has one.
  ///
  /// - Parameter standard: Sets the other program's default.
  mutating func setRate(
    _ setting: ForeignSetting?, of optimizer: ImportedOptimizer,
    standard: (inout ImportDraft) -> Void
  ) throws(ImportError) {
    switch (setting, optimizer.kind) {
    case (let setting?, nil):
      note(setting, .noCounterpart, "it means something else for AdamW; choose one for AdamW")
    case (nil, nil): break
    case (let setting?, _?) where optimizer.findsRate:
      if try setting.number() != 1 {
        note(setting, .noCounterpart, "the optimizer finds the rate itself")
      }
    case (let setting?, _?):
      set(\.optimization.$learningRate, to: try setting.number())
    case (nil, _?) where !optimizer.findsRate: standard(&self)
    default: break
    }
  }

  /// fp32, fp16 or bf16. Nothing is set for other values.
  mutating func setPrecision(_ setting: ForeignSetting?) {
    guard let setting else { return }
    let precisions: [String: Precision] = [
      "no": .fp32, "fp32": .fp32, "fp16": .fp16, "bf16": .bf16,
    ]
    if let precision = precisions[setting.value.text.lowercased()] {
      set(\.$precision, to: precision)
    } else {
      note(setting, .noCounterpart, "the formats here are fp32, fp16 and bf16")
    }
  }

  /// The side of a square with about as many pixels as `width` by `height`.
  mutating func setResolution(_ setting: ForeignSetting, width: Int, height: Int) {
    let side = (Double(width * height).squareRoot() / 32).rounded() * 32
    set(\.$resolution, to: Int(side))
    guard width != height || Int(side) != width else { return }
    note(
      setting, .approximated,
      "resolution \(Int(side)): images are scaled to about the area of a square of this side")
  }

  /// The seed, unless it is `None`.
  mutating func setSeed(_ setting: ForeignSetting?) throws(ImportError) {
    guard let setting, setting.value.text != "None" else { return }
    let seed = try setting.converted(\.asWholeNumber, "a whole number up to \(Int.max)")
    if seed < 0 {
      setRandomSeed()
    } else {
      set(\.$seed, to: UInt64(seed))
    }
  }

  /// The number of optimizer steps of some epochs, in words and as a number.
  static func steps(
    epochs: Int, images: Int, batchSize: Int, accumulation: Int
  ) -> (count: Int, formula: String) {
    let batches = (images + batchSize - 1) / max(batchSize, 1)
    let steps = (batches + accumulation - 1) / max(accumulation, 1)
    let divisor = accumulation > 1 ? "\(batchSize) / \(accumulation)" : "\(batchSize)"
    return (epochs * steps, "\(epochs) epochs x \(images) images / \(divisor)")
  }
}
