import ArgumentParser
import Foundation

/// An adapter file and its strength: `file.safetensors` or `file.safetensors:0.8`.
struct AdapterChoice: ExpressibleByArgument {
  let path: String
  let strength: Double

  init(path: String, strength: Double) {
    self.path = path
    self.strength = strength
  }

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let strength = Double(argument[argument.index(after: colon)...])
    else {
      self.init(path: argument, strength: 1)
      return
    }
    self.init(path: String(argument[..<colon]), strength: strength)
  }
}
