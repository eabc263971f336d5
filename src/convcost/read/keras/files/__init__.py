"""What Keras's files hold beside a configuration: arrays, in HDF5."""
