public import StableDiffusion

/// A sampler by the names of A1111's web UI, which other programs of this kind read.
public struct SamplerTitle: Sendable, Equatable {
  /// As `DPM++ 2M`.
  public let name: String
  /// `Karras`; nil where the name says it all.
  public let scheduleType: String?

  /// The names of a configuration's sampler; the class's own for one that has no other.
  public init(_ configuration: SchedulerConfiguration) {
    let isSDE = configuration.algorithmType == .sdeDPMSolverPlusPlus
    name =
      switch configuration.className {
      case "EulerDiscreteScheduler": "Euler"
      case "EulerAncestralDiscreteScheduler": "Euler a"
      case "HeunDiscreteScheduler": "Heun"
      case "DDIMScheduler": "DDIM"
      case "DDPMScheduler": "DDPM"
      case "DPMSolverMultistepScheduler": isSDE ? "DPM++ 2M SDE" : "DPM++ 2M"
      case "UniPCMultistepScheduler": "UniPC"
      case "LCMScheduler": "LCM"
      default: configuration.className
      }
    scheduleType = configuration.useKarrasSigmas ? "Karras" : nil
  }

  /// What a picture's text says, as `Euler a` or `DPM++ 2M Karras`.
  public init(name: String, scheduleType: String?) {
    self.name = name
    self.scheduleType = scheduleType
  }

  /// The sampler that is meant; nil for one that there is not.
  public var sampler: SchedulerName? {
    let isKarras = scheduleType?.lowercased() == "karras"
    return (isKarras ? SchedulerName("\(name) Karras") : nil) ?? SchedulerName(name)
  }

  /// Whether the schedule type is one that the sampler has.
  public var isScheduleKnown: Bool {
    guard let type = scheduleType?.lowercased() else { return true }
    if type == "karras" { return SchedulerName("\(name) Karras") != nil }
    return ["automatic", "uniform", "normal"].contains(type)
  }
}
