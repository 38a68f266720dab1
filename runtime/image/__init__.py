"""Images as a model takes and gives them: conversion, size, placement, background, noise, metrics."""
