import Foundation

/// Whether a prompt is the name of an existing file, such as `prompts.txt`.
package func isFileName(_ prompt: String) -> Bool {
  var isFolder: ObjCBool = false
  return prompt.contains(".")
    && FileManager.default.fileExists(atPath: prompt, isDirectory: &isFolder)
    && !isFolder.boolValue
}
