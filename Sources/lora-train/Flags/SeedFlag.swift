import ArgumentParser
import Options

/// A seed given as a flag. A negative one is replaced by a random one.
struct SeedFlag: ExpressibleByArgument {
  let seed: UInt64
  let isDrawn: Bool

  init?(argument: String) {
    if let seed = UInt64(argument) {
      (self.seed, isDrawn) = (seed, false)
    } else if let number = Int(argument), number < 0 {
      (seed, isDrawn) = (randomSeed(), true)
    } else {
      return nil
    }
  }
}
