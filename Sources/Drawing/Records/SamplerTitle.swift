package import StableDiffusion

/// A sampler's name in A1111's web UI, which other programs read.
package struct SamplerTitle: Sendable, Equatable {
  /// Such as `DPM++ 2M`.
  package let name: String
  /// `Karras`; nil for the sampler's standard schedule.
  package let scheduleType: String?

  /// The title of a configuration's sampler. A class without a title keeps its own name.
  package init(_ configuration: SchedulerConfiguration) {
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

  /// A title from an infotext, such as `Euler a` or `DPM++ 2M Karras`.
  package init(name: String, scheduleType: String?) {
    self.name = name
    self.scheduleType = scheduleType
  }

  /// The sampler of this title; nil for an unknown one.
  package var sampler: SchedulerName? {
    let isKarras = scheduleType?.lowercased() == "karras"
    return (isKarras ? SchedulerName("\(name) Karras") : nil) ?? SchedulerName(name)
  }

  /// Whether the sampler has this schedule type.
  package var isScheduleKnown: Bool {
    guard let type = scheduleType?.lowercased() else { return true }
    if type == "karras" { return SchedulerName("\(name) Karras") != nil }
    return ["automatic", "uniform", "normal"].contains(type)
  }
}
