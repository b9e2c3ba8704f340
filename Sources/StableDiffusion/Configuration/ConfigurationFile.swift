import Files
import Foundation
import NN
import Torch

/// Reads the JSON configurations of diffusers and transformers. The names in Swift are the file's
/// keys in camel case.
enum ConfigurationFile {
  /// Decodes `file`.
  ///
  /// Throws `ModelError` with the file, the key and the value found.
  static func decode<Configuration: Decodable>(
    _ type: Configuration.Type = Configuration.self, from file: URL
  ) throws(ModelError) -> Configuration {
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch CocoaError.fileReadNoSuchFile {
      throw .missing(path: file.relativePath, advice: "choose a complete diffusers model directory")
    } catch {
      throw .invalid(
        path: file.relativePath, problem: "it cannot be read (\(error.reason))",
        advice: "check the file and its permissions")
    }
    // The decoder of JSON5 traps on other bytes.
    guard String(validating: data, as: UTF8.self) != nil else {
      throw .invalid(
        path: file.relativePath, problem: "some bytes are not UTF-8",
        advice: "download or copy it again")
    }
    let decoder = JSONDecoder()
    // Python writes infinite numbers as in JSON5: -Infinity in lambda_min_clipped.
    decoder.allowsJSON5 = true
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(type, from: data)
    } catch {
      throw .invalid(
        path: file.relativePath, problem: problem(error),
        advice: "choose an SDXL model, or correct the file")
    }
  }

  private static func problem(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      "\(name(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context):
      "\(name(context.codingPath)) is null"
    case .typeMismatch(let type, let context):
      "\(name(context.codingPath)) is not of type \(type)"
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
      "it is not JSON"
    case .dataCorrupted(let context):
      "\(name(context.codingPath)) is \(context.debugDescription)"
    default:
      "\(error)"
    }
  }

  /// The path with the file's keys: `unet.block_out_channels.2`.
  private static func name(_ path: [any CodingKey]) -> String {
    path.map { key in
      if let index = key.intValue { return String(index) }
      return key.stringValue.reduce(into: "") { name, letter in
        name += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
      }
    }.joined(separator: ".")
  }
}

extension KeyedDecodingContainer {
  /// Overwrites `value` if the file has `key`, with one of the implemented cases.
  func read<Choice: RawRepresentable & CaseIterable>(
    _ key: Key, into value: inout Choice
  ) throws where Choice.RawValue == String {
    guard contains(key) else { return }
    let found = try decode(String.self, forKey: key)
    guard let choice = Choice(rawValue: found) else {
      let known = Choice.allCases.map(\.rawValue)
      throw unsupported(key, found: found, supported: Self.oneOf(known))
    }
    value = choice
  }

  /// The error of a well-formed value that is not implemented.
  func unsupported(_ key: Key, found: String, supported: String) -> DecodingError {
    .dataCorruptedError(
      forKey: key, in: self, debugDescription: "\(found), but must be \(supported)")
  }

  /// The supported values in an error's message.
  static func oneOf(_ values: [String]) -> String {
    values.count == 1 ? values[0] : "one of \(values.joined(separator: ", "))"
  }
}
