import NN
import Training

/// The optimizer of another program's settings.
struct ImportedOptimizer {
  /// The optimizer; nil if it is not available, and AdamW takes its place.
  let kind: OptimizerKind?
  /// The arguments such as `d_coef=2`, by their names.
  private var arguments: [String: ForeignSetting] = [:]

  /// Reads the name as sd-scripts and diffusers write it, and notes what differs here.
  init(_ setting: ForeignSetting?, arguments: [ForeignSetting] = [], _ draft: inout ImportDraft) {
    for argument in arguments { self.arguments[argument.argumentName] = argument }
    guard let setting, !setting.value.isOff else {
      kind = .adamW
      return
    }
    let name = setting.value.text.lowercased()
    kind = Self.names[name.hasPrefix("paged") ? String(name.dropFirst(5)) : name]
    if kind == nil {
      draft.note(
        setting, .noCounterpart,
        "this optimizer is not available; AdamW is used, with its own default learning rate")
    } else if name == "lion8bit" || name == "pagedlion8bit" {
      draft.note(setting, .approximated, "Lion with its state in fp32; it needs more memory")
    } else if name.hasPrefix("paged") {
      draft.note(setting, .approximated, "its state stays in the memory of the device")
    }
  }

  private static let names: [String: OptimizerKind] = [
    "adamw": .adamW, "adamw32bit": .adamW, "adamw8bit": .adamW8bit, "adafactor": .adafactor,
    "lion": .lion, "lion8bit": .lion, "prodigy": .prodigy,
    "adamwschedulefree": .scheduleFreeAdamW,
  ]

  /// Whether it finds the learning rate itself.
  var findsRate: Bool {
    kind == .prodigy || kind == .adafactor && !isFalse("relative_step")
  }

  /// Sets the optimizer and its constants. An argument without a counterpart is noted.
  func apply(to draft: inout ImportDraft) {
    guard let kind else {
      for argument in sorted {
        draft.note(argument, .noCounterpart, "it belongs to the optimizer that is not available")
      }
      return
    }
    draft.set(\.optimization.$optimizer, to: kind)
    switch kind {
    case .prodigy:
      // The defaults of prodigyopt.
      draft.set(\.optimization.$prodigySafeguardWarmup, to: false)
      draft.set(\.optimization.$prodigyBiasCorrection, to: false)
    case .adafactor:
      // The defaults of transformers.
      draft.set(\.optimization.$adafactorRelativeStep, to: true)
      draft.set(\.optimization.$adafactorScaleParameter, to: true)
    default: break
    }
    for argument in sorted where !set(argument, of: kind, in: &draft) {
      draft.note(
        argument, .noCounterpart, "\(kind.rawValue) has no such constant here")
    }
  }

  private var sorted: [ForeignSetting] {
    arguments.sorted { $0.key < $1.key }.map(\.value)
  }

  private func isFalse(_ name: String) -> Bool {
    arguments[name]?.argumentValue.lowercased() == "false"
  }

  /// Whether the argument has a counterpart.
  private func set(
    _ argument: ForeignSetting, of kind: OptimizerKind, in draft: inout ImportDraft
  ) -> Bool {
    let numbers = argument.argumentNumbers
    let isOn = argument.argumentValue.lowercased() == "true"
    switch (kind, argument.argumentName, numbers.count) {
    case (_, "weight_decay", 1): draft.set(\.optimization.$weightDecay, to: numbers[0])
    case (.adafactor, "relative_step", _):
      draft.set(\.optimization.$adafactorRelativeStep, to: isOn)
    case (.adafactor, "scale_parameter", _):
      draft.set(\.optimization.$adafactorScaleParameter, to: isOn)
    case (.adafactor, "warmup_init", _): return !isOn
    case (.adafactor, _, _): return false
    case (_, "betas", 2):
      draft.set(\.optimization.$beta1, to: numbers[0])
      draft.set(\.optimization.$beta2, to: numbers[1])
    case (.lion, _, _): return false
    case (_, "eps", 1): draft.set(\.optimization.$epsilon, to: numbers[0])
    case (.prodigy, "d_coef", 1): draft.set(\.optimization.$prodigyDCoef, to: numbers[0])
    case (.prodigy, "d0", 1): draft.set(\.optimization.$prodigyD0, to: numbers[0])
    case (.prodigy, "growth_rate", 1):
      draft.set(
        \.optimization.$prodigyGrowthRate, to: numbers[0].isFinite ? numbers[0] : nil)
    case (.prodigy, "safeguard_warmup", _):
      draft.set(\.optimization.$prodigySafeguardWarmup, to: isOn)
    case (.prodigy, "use_bias_correction", _):
      draft.set(\.optimization.$prodigyBiasCorrection, to: isOn)
    // Decoupled decay is the only one here.
    case (.prodigy, "decouple", _): return isOn
    default: return false
    }
    return true
  }
}

extension ForeignSetting {
  /// `d_coef` of `d_coef=2`.
  fileprivate var argumentName: String {
    String(value.text.prefix { $0 != "=" }).trimmingSpaces
  }

  /// `2` of `d_coef=2`.
  fileprivate var argumentValue: String {
    String(value.text.drop { $0 != "=" }.dropFirst()).trimmingSpaces
  }

  /// `0.9` and `0.99` of `betas=(0.9, 0.99)`.
  fileprivate var argumentNumbers: [Double] {
    argumentValue.split { "(), []".contains($0) }.compactMap { Double($0) }
  }
}

extension String {
  fileprivate var trimmingSpaces: String { split(separator: " ").joined(separator: " ") }
}
