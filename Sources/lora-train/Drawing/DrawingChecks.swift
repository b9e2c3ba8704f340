import ArgumentParser
import DreamBooth
import StableDiffusion

/// What every command that draws demands of its options.
enum DrawingChecks {
  /// Throws `ValidationError`, which names the option and what it may be.
  static func check(
    width: Int?, height: Int?, scheduler: String?, precision: String?, device: String
  ) throws {
    for (name, side) in [("width", width), ("height", height)] {
      if let side, !(1...65_536).contains(side) {
        throw ValidationError("--\(name) is \(side), but must be from 1 to 65536.")
      }
    }
    if let scheduler, SchedulerName(scheduler) == nil {
      throw ValidationError("--scheduler is \(scheduler), but must be \(SchedulerName.allowed).")
    }
    if DeviceChoice(rawValue: device) == nil {
      throw ValidationError("--device is \(device), but must be \(DeviceChoice.allowed).")
    }
    if let precision, Precision(rawValue: precision) == nil {
      throw ValidationError("--precision is \(precision), but must be \(Precision.allowed).")
    }
  }
}
