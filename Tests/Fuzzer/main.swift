// fuzzer TARGET CORPUS [OPTION]...: runs libFuzzer on a target. The corpus is a folder for inputs that reach
// new code; the target's seeds are copied into it. Without arguments: prints the names of the targets.

import CFuzzer
import Foundation
import Fuzzing

let names = FuzzTarget.all.map(\.name)
let arguments = CommandLine.arguments
guard arguments.count > 2 else {
  print(names.joined(separator: "\n"))
  exit(arguments.count == 1 ? 0 : 64)
}
guard let chosen = FuzzTarget.all.first(where: { $0.name == arguments[1] }) else {
  print("There is no target \(arguments[1]). The targets are: \(names.joined(separator: ", ")).")
  exit(64)
}

let corpus = URL(filePath: arguments[2], directoryHint: .isDirectory)
try FileManager.default.createDirectory(at: corpus, withIntermediateDirectories: true)
for (name, bytes) in try chosen.seeds() { try bytes.write(to: corpus.appending(path: name)) }

/// libFuzzer calls it on this thread, and takes a function without context.
let target = chosen
var count = Int32(arguments.count - 1)
var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(
  capacity: Int(count) + 1)
for (index, argument) in ([arguments[0]] + arguments[2...]).enumerated() {
  values?[index] = strdup(argument)
}
values?[Int(count)] = nil
exit(
  LLVMFuzzerRunDriver(&count, &values) { bytes, size in
    do {
      try target.run(bytes.map { Data(bytes: $0, count: size) } ?? Data())
    } catch {
      fatalError("\(target.name) threw \(type(of: error)): \(error)")
    }
    return 0
  })
