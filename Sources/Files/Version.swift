/// The version of lora-train.
package enum Version {
  package static let current = "0.1.0"
}
