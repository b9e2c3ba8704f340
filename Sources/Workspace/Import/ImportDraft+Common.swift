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
      "linear": .linear, "cosine_with_restarts": .cosine, "polynomial": .linear,
    ]
    let shape = shapes[name]
    set(\.$learningRateSchedule, to: shape ?? .constant)
    if let setting {
      switch name {
      case "cosine_with_restarts":
        note(setting, .approximated, "a cosine without restarts, which is the same for one cycle")
      case "polynomial":
        note(setting, .approximated, "a straight line, which is the same for a power of 1")
      case _ where shape == nil:
        note(
          setting, .noCounterpart, "this schedule is not available; the learning rate is constant")
      default: break
      }
    }
    if name != "constant" {
      guard let steps else { return }
      let most = config.epochs == nil ? config.steps : Int.max
      set(\.$learningRateWarmupSteps, to: min(max(0, steps), most))
    } else if let warmUp {
      note(warmUp, .notNeeded, "the schedule constant has no warm-up, there and here")
    }
  }

  /// The optimizer, which is always AdamW here. Returns whether its learning rate means the same.
  mutating func setOptimizer(_ setting: ForeignSetting?) -> Bool {
    guard let setting, !setting.value.isOff else { return true }
    let name = setting.value.text.lowercased()
    if name == "adamw" { return true }
    if name.hasPrefix("adamw8bit") || name.hasPrefix("pagedadamw") {
      note(setting, .approximated, "AdamW with its state in fp32; it needs more memory")
      return true
    }
    note(
      setting, .noCounterpart,
      "this optimizer is not available; AdamW is used, with its own default learning rate")
    return false
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
